import json
from pathlib import Path

import pytest

from metagnn.cli import main
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Check, Measurement


def measures(value: float) -> Check:
    def measure(cases: Cases) -> Measurement:
        return Measurement(value, 1.0, f"of seed {cases.seed}", f"a share of {cases.share}")

    return Check("a", "at most one", measure)


@pytest.mark.parametrize(("values", "status"), [((0.5, 1.0), 0), ((0.5, 2.0), 1)])
def test_the_status_says_whether_all_hold(
    values: tuple[float, ...],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("metagnn.cli.selftest_command.CHECKS", tuple(map(measures, values)))
    out = tmp_path / "out"
    assert main(["selftest", "--quick", "--seed", "3", "--out", str(out)]) == status
    printed = capsys.readouterr()
    assert "1 of seed 3" in printed.out
    assert "a share of 0.2" in printed.out
    assert "packages" in printed.out
    assert ("report it with" in printed.err) == bool(status)
    assert [check["kept"] for check in json.loads((out / "selftest.json").read_text())["checks"]] == [True, not status]


def test_a_folder_in_use_is_refused_before_any_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("kept")
    assert main(["selftest", "--out", str(tmp_path)]) == 2
    assert "exists" in capsys.readouterr().err
