import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metagnn.errors import FolderError
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run
from metagnn.studies.harness.runs import claim_runs, merge_results, read_scores, run_open


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


def test_each_run_has_its_file_and_each_seed_its_data_once(tmp_path: Path) -> None:
    experiment = Doubling()
    tasks = [(experiment, who, seed) for seed in (3, 4) for who in experiment.contestants("usual")]
    seen: list[tuple[int, int]] = []
    run_open(tmp_path, tasks, 1, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert experiment.made == 2
    scores = read_scores(tmp_path, experiment, tasks)
    assert {who: [run["score"] for run in runs] for who, runs in scores.items()} == {"a": [6, 8], "b": [6, 8]}
    assert json.loads((tmp_path / "doubling-b-4.json").read_text())["who"] == "b"
    (tmp_path / "doubling-b-4.json").unlink()
    run_open(tmp_path, tasks, 1, lambda done, total: seen.append((done, total)))
    assert seen[-2:] == [(3, 4), (4, 4)]
    assert experiment.made == 3


def test_a_folder_belongs_to_its_settings(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    claim_runs(folder, {"seeds": [1]}, keep=False)
    (folder / "a.json").write_text("{}")
    claim_runs(folder, {"seeds": [1]}, keep=True)
    assert (folder / "a.json").is_file()
    with pytest.raises(FolderError, match="holds runs of other settings"):
        claim_runs(folder, {"seeds": [2]}, keep=True)
    claim_runs(folder, {"seeds": [2]}, keep=False)
    assert not (folder / "a.json").exists()


def test_branches_join_a_tree() -> None:
    tree: dict[str, Any] = {"a": {"b": 1}, "c": 2}
    merge_results(tree, {"a": {"d": 3}, "c": {"e": 4}})
    assert tree == {"a": {"b": 1, "d": 3}, "c": {"e": 4}}
