import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metagnn.errors import FolderError
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run
from metagnn.studies.harness.runs import merge_results, read_scores, run_open, write_runs


class Doubling(AbstractExperiment):
    """Scores are twice the seed; counts how often data are made."""

    name, repetitions = "doubling", Repetitions(1, 2, 3)

    def __init__(self) -> None:
        self.made = 0

    def contestants(self, size: str) -> tuple[str, ...]:
        return ("a", "b")

    def settings(self) -> dict[str, Any]:
        return {}

    def data(self, store: Any, seed: int) -> int:
        self.made += 1
        return 2 * seed

    def run(self, contestant: str, data: int, seed: int) -> Run:
        return Run({"score": data, "who": contestant}, {"x": np.array([data])})

    def results(self, runs: Any) -> dict[str, Any]:
        return {}


def tasks_of(experiment: Doubling) -> list[Any]:
    return [(experiment, who, seed) for seed in (3, 4) for who in experiment.contestants("usual")]


def test_each_run_has_its_files_and_each_seed_its_data_once(tmp_path: Path) -> None:
    experiment = Doubling()
    tasks = tasks_of(experiment)
    seen: list[tuple[int, int]] = []
    with UnfinishedRun(tmp_path / "out", {}, folder=True) as run:
        run_open(run, tasks, 1, lambda done, total: seen.append((done, total)))
        assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
        assert experiment.made == 2
        write_runs(run, tmp_path, tasks)
        scores = read_scores(tmp_path, experiment, tasks)
        assert {who: [run["score"] for run in runs] for who, runs in scores.items()} == {"a": [6, 8], "b": [6, 8]}
        assert json.loads((tmp_path / "doubling-b-4.json").read_text())["who"] == "b"
        assert len(list(tmp_path.glob("doubling-*"))) == 12
        # Whichever file of a run is lost or damaged, the run is done again, and no other.
        for name, damage in (("doubling-b-4.json", b"{}"), ("doubling-a-3.npz", b""), ("doubling-a-3.csv", b"x")):
            (run.work / name).write_bytes(damage)
            seen.clear()
            run_open(run, tasks, 1, lambda done, total: seen.append((done, total)))
            assert seen == [(3, 4), (4, 4)]
    assert experiment.made == 5


def test_lost_and_damaged_runs_are_named(tmp_path: Path) -> None:
    experiment = Doubling()
    tasks = tasks_of(experiment)
    lost = pytest.raises(FolderError, match=r"lacks doubling-a-3\.npz; continue with --resume")
    with UnfinishedRun(tmp_path / "out", {}, folder=True) as run, lost:
        write_runs(run, tmp_path, tasks)
    (tmp_path / "doubling-a-3.json").write_text("{")
    with pytest.raises(FolderError, match=r"doubling-a-3\.json' is damaged; use --force"):
        read_scores(tmp_path, experiment, tasks)


def test_branches_join_a_tree() -> None:
    tree: dict[str, Any] = {"a": {"b": 1}, "c": 2}
    merge_results(tree, {"a": {"d": 3}, "c": {"e": 4}})
    assert tree == {"a": {"b": 1, "d": 3}, "c": {"e": 4}}
