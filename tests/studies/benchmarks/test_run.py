import json
from pathlib import Path

import pytest

from metagnn.studies.benchmarks import Comparison, run
from metagnn.studies.benchmarks.run import run_benchmark

ROW = Comparison("case", "net", 1.0, 2.0, "s", 2.0, 1.5, 2.5)


def test_rows_are_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "measure_startup", lambda seed, progress, quick: [ROW])
    assert run_benchmark("startup", tmp_path) == [ROW]
    (written,) = json.loads((tmp_path / "startup.json").read_text())
    assert written["ratio_median"] == 2.0
    assert set(written) == {
        *("case", "network", "ours", "rival", "unit"),
        *("ratio_median", "ratio_min", "ratio_max"),
    }


def test_startup_is_measured_in_fresh_processes(tmp_path: Path) -> None:
    rows = run_benchmark("startup", tmp_path, quick=True)
    assert [row.unit for row in rows] == ["s", "s"]
    assert all(row.ours > 0 for row in rows)
