import json
from pathlib import Path

import numpy as np

from metagnn.studies.selftest.check import Measurement, Verdict
from metagnn.studies.selftest.environment import environment_facts
from metagnn.studies.selftest.report import HEADER, advice, verdict_rows, write_report

KEPT = Verdict("labels", "they hold", Measurement(2e-10, 1e-9, "relative", "5 media"), "", 1.0)
BROKEN = Verdict("labels", "they hold", Measurement(3, 0, "that differ", "5 media"), "", 1.0)
LOST = Verdict("labels", "they hold", Measurement(np.inf, 0, "that differ", "5 media"), "", 1.0)
ERROR = Verdict("labels", "they hold", None, "ValueError: no", 1.0)


def test_rows_say_what_was_measured() -> None:
    rows = verdict_rows([KEPT, BROKEN, LOST, ERROR])
    assert all(len(row) == len(HEADER) for row in rows)
    assert rows[0][2:6] == ("2.0e-10", "1.0e-09 relative", "5 media", "kept")
    assert rows[1][2:6] == ("3", "0 that differ", "5 media", "BROKEN")
    assert rows[3][2:6] == ("–", "–", "–", "ERROR")


def test_advice_names_what_is_broken() -> None:
    assert advice([KEPT], None) == []
    lines = advice([KEPT, BROKEN, ERROR], "out")
    assert lines[:2] == [
        "labels: they hold: 3; expected at most 0 that differ",
        "labels: they hold: could not be tried (ValueError: no)",
    ]
    assert lines[2].endswith("report it with out/selftest.json")


def test_the_report_is_json(tmp_path: Path) -> None:
    written = json.loads(write_report(tmp_path, environment_facts(), [KEPT, LOST, ERROR], 7).read_text())
    assert written["seed"] == 7
    assert [check["kept"] for check in written["checks"]] == [True, False, False]
    assert [check.get("measured") for check in written["checks"]] == [2e-10, "inf", None]
    assert {"Python", "packages", "linear algebra"} <= set(written["environment"])
