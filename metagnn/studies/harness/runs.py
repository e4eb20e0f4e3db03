"""Single runs, three files each: an interrupted command loses unfinished runs only, and resumes with the rest."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from metagnn.errors import FolderError
from metagnn.files.table_writer import text_of_rows
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.studies.harness.experiment import AbstractExperiment, Scores
from metagnn.studies.harness.samples import SampleStore

MOST_JOBS = 8

Task = tuple[AbstractExperiment, str, int]
"""Experiment, contestant, seed."""

Progress = Callable[[int, int], object]
"""Called with the number of finished runs and the number of all runs."""


def run_open(run: UnfinishedRun, tasks: Sequence[Task], jobs: int | None, report: Progress) -> None:
    """Run the tasks that are not finished yet, in parallel; only this process writes.

    Args:
        run: Keeps the files of every finished task as pieces.
        tasks: All runs, the longest first, so that no process waits for one that began last.
        jobs: Processes; by default one per core, and at most eight.
        report: Called with the number of finished runs and the number of all runs.
    """
    open_tasks = [task for task in tasks if any(run.load(name) is None for name in _files(task))]
    done = len(tasks) - len(open_tasks)
    report(done, len(tasks))
    workers = min(jobs or os.cpu_count() or 1, MOST_JOBS, max(len(open_tasks), 1))
    # One thread each: the processes share the cores already.
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        finished = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(
            joblib.delayed(_run)(task, data) for task, data in zip(open_tasks, _data(open_tasks), strict=True)
        )
        for files in finished:
            for name, content in files.items():
                run.store(name, content)
            done += 1
            report(done, len(tasks))


def write_runs(run: UnfinishedRun, folder: Path, tasks: Sequence[Task]) -> None:
    """Write the files of all finished tasks into a folder.

    Raises:
        FolderError: One was lost since it was computed.
    """
    for name in (name for task in tasks for name in _files(task)):
        content = run.load(name)
        if content is None:
            raise FolderError(f"'{folder}' lacks {name}; continue with --resume")
        (folder / name).write_bytes(content)


def _data(tasks: Sequence[Task]) -> Iterator[Any]:
    """Yield the data of every task; make the data of an experiment and a seed once."""
    store, made = SampleStore(), dict[tuple[str, int], Any]()
    for experiment, _, seed in tasks:
        key = (experiment.name, seed)
        if key not in made:
            made[key] = experiment.data(store, seed)
        yield made[key]


def _run(task: Task, data: Any) -> dict[str, bytes]:
    """Run one contestant; its arrays, its history and its scores as files, in the order of `_files`."""
    experiment, contestant, seed = task
    run, arrays = experiment.run(contestant, data, seed), io.BytesIO()
    np.savez_compressed(arrays, allow_pickle=False, **run.arrays)
    scores = json.dumps(run.scores, indent=2).encode()
    contents = (arrays.getvalue(), text_of_rows(run.history, Path("history.csv"), header=True), scores)
    return dict(zip(_files(task), contents, strict=True))


def _files(task: Task) -> tuple[str, str, str]:
    """The files of a run; the scores last."""
    experiment, contestant, seed = task
    name = f"{experiment.name}-{contestant}-{seed}"
    return f"{name}.npz", f"{name}.csv", f"{name}.json"


def read_scores(folder: Path, experiment: AbstractExperiment, tasks: Sequence[Task]) -> dict[str, list[Scores]]:
    """Read the scores of every contestant, by seed, from the folder of all runs.

    Raises:
        FolderError: Scores are damaged.
    """
    scores: dict[str, list[Scores]] = {}
    for task in tasks:
        if task[0] is experiment:
            path = folder / _files(task)[-1]
            try:
                scores.setdefault(task[1], []).append(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                raise FolderError(f"'{path}' is damaged; use --force to run all anew") from error
    return scores


def merge_results(tree: dict[str, Any], branch: dict[str, Any]) -> None:
    """Add a nested branch to a tree in place."""
    for name, value in branch.items():
        if isinstance(value, dict) and isinstance(tree.get(name), dict):
            merge_results(tree[name], value)
        else:
            tree[name] = value
