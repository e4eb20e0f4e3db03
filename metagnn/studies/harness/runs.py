"""A folder of runs, one file each: an interrupted command loses unfinished runs only, and resumes with the rest."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from metagnn.errors import FolderError
from metagnn.files.output import replace_file
from metagnn.files.table_writer import write_table
from metagnn.studies.harness.experiment import AbstractExperiment, Scores
from metagnn.studies.harness.samples import SampleStore

MOST_JOBS = 8
SETTINGS = "settings.json"

Task = tuple[AbstractExperiment, str, int]
"""Experiment, contestant, seed."""

Progress = Callable[[int, int], object]
"""Called with the number of finished runs and the number of all runs."""


def claim_runs(folder: Path, settings: dict[str, Any], keep: bool) -> None:
    """Make the folder of runs, or check that it holds runs of the same settings.

    Args:
        folder: Where the runs are written.
        settings: Everything needed to repeat the runs, in a form that JSON can hold.
        keep: Keep the runs that are there.

    Raises:
        FolderError: The folder holds runs of other settings.
    """
    text = json.dumps(settings, indent=2)
    path = folder / SETTINGS
    if keep and path.is_file() and path.read_text(encoding="utf-8") != text:
        raise FolderError(f"'{folder}' holds runs of other settings; repeat its command, or use --force to start anew")
    if not keep and path.parent.is_dir():
        shutil.rmtree(path.parent)
    path.parent.mkdir(exist_ok=True)
    replace_file(path, text.encode())


def run_open(folder: Path, tasks: Sequence[Task], jobs: int | None, report: Progress) -> None:
    """Run the tasks that have no file yet, in parallel.

    Args:
        folder: The claimed folder.
        tasks: All runs, the longest first, so that no process waits for one that began last.
        jobs: Processes; by default one per core, and at most eight.
        report: Called with the number of finished runs and the number of all runs.
    """
    open_tasks = [task for task in tasks if not (folder / _file(*task)).is_file()]
    done = len(tasks) - len(open_tasks)
    report(done, len(tasks))
    workers = min(jobs or os.cpu_count() or 1, MOST_JOBS, max(len(open_tasks), 1))
    # One thread each: the processes share the cores already.
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        finished = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(
            joblib.delayed(_run)(folder / _file(*task), *task, data)
            for task, data in zip(open_tasks, _data(open_tasks), strict=True)
        )
        for _ in finished:
            done += 1
            report(done, len(tasks))


def _data(tasks: Sequence[Task]) -> Iterator[Any]:
    """Yield the data of every task; make the data of an experiment and a seed once."""
    store, made = SampleStore(), dict[tuple[str, int], Any]()
    for experiment, _, seed in tasks:
        key = (experiment.name, seed)
        if key not in made:
            made[key] = experiment.data(store, seed)
        yield made[key]


def _run(path: Path, experiment: AbstractExperiment, contestant: str, seed: int, data: Any) -> None:
    """Run one contestant, and write its scores, arrays and history."""
    run = experiment.run(contestant, data, seed)
    np.savez_compressed(path.with_suffix(".npz"), allow_pickle=False, **run.arrays)
    write_table(run.history, path.with_suffix(".csv"))
    # The scores last: their file marks the run as complete.
    replace_file(path, json.dumps(run.scores, indent=2).encode())


def _file(experiment: AbstractExperiment, contestant: str, seed: int) -> str:
    return f"{experiment.name}-{contestant}-{seed}.json"


def read_scores(folder: Path, experiment: AbstractExperiment, tasks: Sequence[Task]) -> dict[str, list[Scores]]:
    """Read the scores of every contestant, by seed."""
    scores: dict[str, list[Scores]] = {}
    for task in tasks:
        if task[0] is experiment:
            text = (folder / _file(*task)).read_text(encoding="utf-8")
            scores.setdefault(task[1], []).append(json.loads(text))
    return scores


def merge_results(tree: dict[str, Any], branch: dict[str, Any]) -> None:
    """Add a nested branch to a tree in place."""
    for name, value in branch.items():
        if isinstance(value, dict) and isinstance(tree.get(name), dict):
            merge_results(tree[name], value)
        else:
            tree[name] = value
