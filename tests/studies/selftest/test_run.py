from pathlib import Path

import numpy as np

from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Check, Measurement
from metagnn.studies.selftest.run import run_selftest

seen: list[Path] = []


def kept(cases: Cases) -> Measurement:
    (cases.folder / "left").write_text("behind")
    seen.append(cases.folder)
    return Measurement(1.0, 1.0, "things", "one thing")


def raises(cases: Cases) -> Measurement:
    raise ZeroDivisionError("two\nlines")


def not_a_number(cases: Cases) -> Measurement:
    return Measurement(np.nan, 1.0, "things", "one thing")


def test_each_check_has_a_verdict_of_its_own() -> None:
    seen.clear()
    reports: list[tuple[int, int]] = []
    checks = [Check("a", str(number), measure) for number, measure in enumerate((raises, kept, not_a_number))]
    verdicts = run_selftest(0, True, lambda done, total: reports.append((done, total)), checks)
    assert [verdict.kept for verdict in verdicts] == [False, True, False]
    assert [verdict.error for verdict in verdicts] == ["ZeroDivisionError: two lines", "", ""]
    assert reports == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert not seen[0].exists()
