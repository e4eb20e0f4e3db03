import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metagnn.errors import FolderError
from metagnn.studies.benchmarks import startup
from metagnn.studies.benchmarks.registry import BENCHMARKS, StudyBenchmark
from metagnn.studies.harness.comparison import Comparison
from metagnn.studies.harness.study import StudyOptions

ROW = Comparison("case", "net", 1.0, 2.0, "s", 2.0, 1.5, 2.5)


def ignore(done: int, total: int) -> None:
    """No progress."""


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_is_where_the_registry_says(name: str) -> None:
    assert callable(BENCHMARKS[name].function())
    assert set(BENCHMARKS[name].options) <= {*(f.name for f in dataclasses.fields(StudyOptions)), "full"}


def test_the_registry_imports_nothing_heavy() -> None:
    code = "import sys, metagnn.studies.benchmarks.registry; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_comparisons_are_written_as_json_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(startup, "measure_startup", lambda seed, progress, quick: seen.append((seed, quick)) or [ROW])
    options = StudyOptions("quick", first_seed=4)
    (table,) = BENCHMARKS["startup"].run("startup", tmp_path, options, ignore)
    assert seen == [(4, True)]
    assert table.rows == (("case", "net", "1", "2", "s", "2 (1.5–2.5)"),)
    assert json.loads((tmp_path / "startup.json").read_text()) == [dataclasses.asdict(ROW)]
    with pytest.raises(FolderError, match="exists"):
        BENCHMARKS["startup"].run("startup", tmp_path, options, ignore)
    BENCHMARKS["startup"].run("startup", tmp_path, dataclasses.replace(options, force=True), ignore)


def test_the_scaling_says_how_its_ratios_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from metagnn.studies.benchmarks import scaling

    monkeypatch.setattr(scaling, "measure_scaling", lambda seed, progress, quick: [ROW])
    (table,) = BENCHMARKS["scaling"].run("scaling", tmp_path, StudyOptions(), ignore)
    assert "exponent of its cost" in table.title


def test_only_studies_with_jobs_start_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[int | None] = []

    def study(folder: Path, options: StudyOptions, progress: Any) -> list[Any]:
        jobs.append(options.jobs)
        return []

    monkeypatch.setattr(StudyBenchmark, "function", lambda self: study)
    for name in ("extrapolation", "transfer"):
        BENCHMARKS[name].run(name, tmp_path, StudyOptions(), ignore)
    assert jobs == [None, 1]
