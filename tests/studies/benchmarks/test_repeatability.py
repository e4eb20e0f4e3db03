from pathlib import Path

from metagnn.studies.benchmarks.repeatability import study_repeatability
from metagnn.studies.harness.study import StudyOptions


def test_no_byte_depends_on_company_and_no_medium_is_lost(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    (table,) = study_repeatability(tmp_path / "out", StudyOptions("quick"), lambda *call: calls.append(call))
    assert calls[-1] == (len(table.rows), len(table.rows))
    values = {case: float(value) for case, _, value, _ in table.rows}
    for case, value in values.items():
        assert value == 0 if case.endswith(("other bytes", "lost", "moved by 1e-9", "by two")) else value < 1e-7, case
