import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metagnn.errors import FolderError
from metagnn.studies.harness.experiment import Run
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.study import StudyOptions, run_study
from metagnn.studies.measured.data_file import DataFile
from metagnn.studies.measured.measured_set import AbstractMeasuredSet


@dataclass(frozen=True, eq=False)
class Counted(AbstractMeasuredSet):
    """Scores its seed."""

    def contestants(self, size: str) -> tuple[str, ...]:
        return ("one", "ours, two")

    def choices(self) -> dict[str, Any]:
        return {}

    def data(self, store: SampleStore, seed: int) -> int:
        return seed

    def run(self, contestant: str, data: int, seed: int) -> Run:
        return Run({"split": {"seed": float(data), "nothing": None}})


def counted(checksum: str) -> Counted:
    return Counted("counted", (DataFile("t.csv", pd.DataFrame(), checksum),))


def test_results_are_medians_and_ranges_by_split_and_contestant(tmp_path: Path) -> None:
    found = run_study(tmp_path / "out", [counted("a")], StudyOptions(jobs=1))["sets"]["counted"]
    assert list(found["split"]) == ["one", "ours, two"]
    assert found["split"]["one"]["seed"] == {"median": 1.0, "min": 0.0, "max": 2.0}
    assert found["split"]["one"]["nothing"]["median"] is None


def test_a_run_is_resumed_on_the_same_files_only(tmp_path: Path) -> None:
    options = StudyOptions("quick", jobs=1, resume=True)
    run_study(tmp_path / "out", [counted("a")], options)
    again = run_study(tmp_path / "out", [counted("a")], options)
    assert json.loads(json.dumps(again))["settings"]["experiments"]["counted"]["files"][0]["checksum"] == "a"
    with pytest.raises(FolderError):
        run_study(tmp_path / "out", [counted("b")], options)
