import json
from pathlib import Path
from typing import Any

import pytest

from metagnn.errors import FolderError
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run
from metagnn.studies.harness.study import StudyOptions, read_results, run_study


class Sum(AbstractExperiment):
    """Scores are the seed and the number of the contestant."""

    repetitions = Repetitions(1, 2, 3)

    def __init__(self, name: str, order: list[tuple[str, str]], small: bool = False) -> None:
        self.name, self.order, self.small = name, order, small

    def contestants(self, size: str) -> tuple[str, ...]:
        return ("mean", "flux_gnn")

    def quick(self) -> "Sum":
        return Sum(self.name, self.order, True)

    def settings(self) -> dict[str, Any]:
        return {"small": self.small}

    def data(self, store: Any, seed: int) -> int:
        return seed

    def run(self, contestant: str, data: int, seed: int) -> Run:
        self.order.append((self.name, contestant))
        return Run({"sum": data + len(contestant)})

    def results(self, runs: Any) -> dict[str, Any]:
        sums = {who: [run["sum"] for run in scores] for who, scores in runs.items()}
        return {"sums": {self.name: sums}, "settings": {"seen": len(runs)}}


def test_results_are_merged_with_the_settings_that_repeat_them(tmp_path: Path) -> None:
    order: list[tuple[str, str]] = []
    experiments = [Sum("a", order), Sum("b", order)]
    results = run_study(tmp_path / "out", experiments, StudyOptions(first_seed=5, jobs=1))
    assert results["sums"] == {name: {"mean": [9, 10], "flux_gnn": [13, 14]} for name in "ab"}
    each = {"small": False, "seeds": [5, 6]}
    settings = {"size": "usual", "seeds": [5, 6], "experiments": {"a": each, "b": each}}
    assert results["settings"] == settings | {"seen": 2}
    assert json.loads((tmp_path / "out" / "runs" / "settings.json").read_text()) == settings
    # What trains begins first.
    assert order == [("a", "flux_gnn")] * 2 + [("b", "flux_gnn")] * 2 + [("a", "mean")] * 2 + [("b", "mean")] * 2


def test_the_quick_form_has_its_seeds_and_settings(tmp_path: Path) -> None:
    results = run_study(tmp_path, [Sum("a", [])], StudyOptions("quick", jobs=1))
    assert results["settings"]["experiments"] == {"a": {"small": True, "seeds": [0]}}


def test_a_folder_is_continued_or_replaced_only_if_told(tmp_path: Path) -> None:
    order: list[tuple[str, str]] = []

    def kill(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    first = run_study(tmp_path / "first", [Sum("a", order)], StudyOptions(jobs=1))
    with pytest.raises(KeyboardInterrupt):
        run_study(tmp_path / "out", [Sum("a", order)], StudyOptions(jobs=1), kill)
    with pytest.raises(FolderError, match="--resume to continue it"):
        run_study(tmp_path / "out", [Sum("a", order)], StudyOptions(jobs=1))
    order.clear()
    resume, quick = StudyOptions(jobs=1, resume=True), StudyOptions("quick", jobs=1, resume=True)
    assert run_study(tmp_path / "out", [Sum("a", order)], resume) == first
    assert order == [("a", "mean")]
    files = [path for path in (tmp_path / "first").rglob("*") if path.is_file()]
    assert all(
        (tmp_path / "out" / path.relative_to(tmp_path / "first")).read_bytes() == path.read_bytes() for path in files
    )
    with pytest.warns(UserWarning, match="is finished already"):
        assert run_study(tmp_path / "out", [Sum("a", order)], resume) == first
    with pytest.raises(
        FolderError, match="is finished, by a run with size 'usual', not 'quick'; other seeds; other exp"
    ):
        run_study(tmp_path / "out", [Sum("a", order)], quick)
    run_study(tmp_path / "out", [Sum("a", order)], StudyOptions("quick", jobs=1, force=True))
    assert len(list((tmp_path / "out" / "runs").glob("a-*.json"))) == 2


def test_further_files_are_part_of_the_result(tmp_path: Path) -> None:
    def write(results: dict[str, Any], place: Path) -> None:
        (place / "sums.json").write_text(json.dumps(results["sums"]))

    results = run_study(tmp_path / "out", [Sum("a", [])], StudyOptions(jobs=1), write=write)
    assert read_results(tmp_path / "out" / "sums.json") == results["sums"]
    (tmp_path / "out" / "sums.json").write_text("{")
    with pytest.raises(FolderError, match="is damaged; use --force"):
        read_results(tmp_path / "out" / "sums.json")
