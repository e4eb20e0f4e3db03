"""All experiments: run after run into a folder, so that a kill costs one run."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from metagnn.datasets.output import check_output, replace_file
from metagnn.errors import FolderError
from metagnn.experiments.composition import BiomassContents
from metagnn.experiments.experiment import AbstractExperiment
from metagnn.experiments.figure import draw_figure
from metagnn.experiments.hidden_co2 import HIDDEN_CO2
from metagnn.experiments.internal_fluxes import LABELLED
from metagnn.experiments.less_data import LessData
from metagnn.experiments.setting import SampleStore
from metagnn.experiments.unseen_media import UNSEEN

EXPERIMENTS: tuple[AbstractExperiment, ...] = (LABELLED, UNSEEN, *HIDDEN_CO2, BiomassContents(), LessData())

PACKAGES = ("metagnn", "torch", "torch-geometric", "lightning", "cobra", "highspy", "piqp", "numpy", "scikit-learn")
MOST_JOBS = 8
RUNS, SETTINGS = "runs", "settings.json"

Task = tuple[AbstractExperiment, str, int]
"""Experiment, contestant, seed."""


def reproduce(
    folder: Path,
    size: str = "usual",
    first_seed: int = 0,
    jobs: int | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Run every experiment with every contestant and every seed.

    Args:
        folder: Where `results.json`, `figure.png` and the single runs are written.
        size: "quick", "usual" or "full": how many seeds, of which each draws its own samples and initial weights.
        first_seed: The first of them.
        jobs: Processes; one per core, and at most eight, by default.
        force: Replace results that exist.
        resume: Keep the runs that a killed command finished.
        progress: Called with how many runs are done, and of how many.

    Returns:
        The content of `results.json`.

    Raises:
        FolderError: The folder exists or cannot be written, or holds runs of other settings.
    """
    started = time.perf_counter()
    check_output(folder, force, resume, folder=True)
    experiments = [e.quick() if size == "quick" else e for e in EXPERIMENTS]
    seeds = {e.name: list(range(first_seed, first_seed + e.repetitions.of(size))) for e in experiments}
    settings = {
        "size": size,
        "seeds": seeds[experiments[0].name],
        "experiments": {e.name: e.settings() | {"seeds": seeds[e.name]} for e in experiments},
    }
    _claim(folder, settings, keep=resume)
    tasks = [(e, c, seed) for e in experiments for seed in seeds[e.name] for c in e.contestants(size)]
    _run_open(folder / RUNS, tasks, jobs, progress or (lambda done, total: None))
    results = {
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "seed": first_seed,
        "wall_seconds": 0.0,
        "settings": settings,
    }
    for experiment in experiments:
        _merge(results, experiment.results(_scores(folder / RUNS, experiment, tasks)))
    draw_figure(results, folder / RUNS, folder / "figure.png", first_seed)
    results["wall_seconds"] = time.perf_counter() - started
    replace_file(folder / "results.json", json.dumps(results, indent=2).encode())
    return results


def _claim(folder: Path, settings: dict[str, Any], keep: bool) -> None:
    """Make the folder of runs, of these settings only."""
    text = json.dumps(settings, indent=2)
    path = folder / RUNS / SETTINGS
    if keep and path.is_file() and path.read_text(encoding="utf-8") != text:
        raise FolderError(f"'{folder}' holds runs of other settings; repeat its command, or use --force to start anew")
    if not keep and path.parent.is_dir():
        shutil.rmtree(path.parent)
    path.parent.mkdir(exist_ok=True)
    replace_file(path, text.encode())


def _run_open(folder: Path, tasks: list[Task], jobs: int | None, report: Callable[[int, int], object]) -> None:
    """Run what has no file yet, in parallel."""
    open_tasks = [task for task in tasks if not (folder / _file(*task)).is_file()]
    # The longest first, so that no process waits for one that began last.
    open_tasks.sort(key=lambda task: -_length(task))
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


def _length(task: Task) -> int:
    """A rank of how long a task takes: what trains several times, then what trains, then the rest."""
    experiment, contestant, _ = task
    trains = "flux_gnn" in contestant or "mlp" in contestant
    return 2 if trains and isinstance(experiment, (BiomassContents, LessData)) else int(trains)


def _data(tasks: list[Task]) -> Iterator[Any]:
    """The data of every task, each made once."""
    store, made = SampleStore(), dict[tuple[str, int], Any]()
    for experiment, _, seed in tasks:
        key = (experiment.name, seed)
        if key not in made:
            made[key] = experiment.data(store, seed)
        yield made[key]


def _run(path: Path, experiment: AbstractExperiment, contestant: str, seed: int, data: Any) -> None:
    """One run; its scores, and what the figure needs, are written as soon as it ends."""
    run = experiment.run(contestant, data, seed)
    np.savez_compressed(path.with_suffix(".npz"), allow_pickle=False, **run.arrays)
    replace_file(path.with_suffix(".csv"), run.history.to_csv(index=False).encode())
    # The scores last: their file says that the run is complete.
    replace_file(path, json.dumps(run.scores, indent=2).encode())


def _file(experiment: AbstractExperiment, contestant: str, seed: int) -> str:
    return f"{experiment.name}-{contestant}-{seed}.json"


def _scores(folder: Path, experiment: AbstractExperiment, tasks: list[Task]) -> dict[str, list[dict[str, Any]]]:
    """Scores of every contestant, by seed."""
    scores: dict[str, list[dict[str, Any]]] = {}
    for task in tasks:
        if task[0] is experiment:
            text = (folder / _file(*task)).read_text(encoding="utf-8")
            scores.setdefault(task[1], []).append(json.loads(text))
    return scores


def _merge(tree: dict[str, Any], branch: dict[str, Any]) -> None:
    """Add a nested branch to a tree in place."""
    for name, value in branch.items():
        if isinstance(value, dict) and isinstance(tree.get(name), dict):
            _merge(tree[name], value)
        else:
            tree[name] = value
