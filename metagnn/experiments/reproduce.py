"""All experiments: run after run into a folder, so that a kill costs one run."""

from __future__ import annotations

import dataclasses
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
from metagnn.experiments.contestants import CONTESTANTS
from metagnn.experiments.internal_fluxes import LABELLED
from metagnn.experiments.report import draw_figure
from metagnn.experiments.scores import score_fluxes, spread
from metagnn.experiments.setting import TEST_SEED, Samples, Setting, feasible_samples
from metagnn.experiments.unseen_media import UNSEEN
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

EXPERIMENTS: dict[str, Setting] = {"internal_fluxes.labelled": LABELLED, "unseen_media": UNSEEN}
"""Experiments by the path of their results."""

PACKAGES = ("metagnn", "torch", "torch-geometric", "lightning", "cobra", "highspy", "piqp", "numpy", "scikit-learn")
MOST_JOBS = 8
RUNS, SETTINGS = "runs", "settings.json"


def reproduce(
    folder: Path,
    seeds: int,
    first_seed: int = 0,
    jobs: int | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Run every experiment with every contestant and every seed.

    Args:
        folder: Where `results.json`, `figure.png` and the single runs are written.
        seeds: Number of seeds; each draws its own training media and initial weights.
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
    all_seeds = list(range(first_seed, first_seed + seeds))
    settings = {
        "seeds": all_seeds,
        "experiments": {name: dataclasses.asdict(setting) for name, setting in EXPERIMENTS.items()},
    }
    _claim(folder, settings, keep=resume)
    tasks = [(e, c, seed) for seed in all_seeds for e in EXPERIMENTS for c in CONTESTANTS]
    _run_open(folder / RUNS, tasks, jobs, progress or (lambda done, total: None))
    results = {
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "seed": first_seed,
        "wall_seconds": 0.0,
        "settings": settings,
        **_collect(folder / RUNS, tasks),
    }
    draw_figure(load_network(LABELLED.model), folder / RUNS, folder / "figure.png", first_seed)
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


def _run_open(
    folder: Path, tasks: list[tuple[str, str, int]], jobs: int | None, report: Callable[[int, int], object]
) -> None:
    """Run what has no file yet, in parallel."""
    open_tasks = [task for task in tasks if not (folder / _file(*task)).is_file()]
    # The longest first, so that no process waits for one that began last.
    open_tasks.sort(key=lambda task: not task[1].startswith("flux_gnn"))
    done = len(tasks) - len(open_tasks)
    report(done, len(tasks))
    workers = min(jobs or os.cpu_count() or 1, MOST_JOBS, max(len(open_tasks), 1))
    # One thread each: the processes share the cores already.
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        finished = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(
            joblib.delayed(_run)(folder / _file(*task), task[1], task[2], data)
            for task, data in zip(open_tasks, _data(open_tasks), strict=True)
        )
        for _ in finished:
            done += 1
            report(done, len(tasks))


@dataclasses.dataclass(frozen=True, eq=False)
class _Data:
    network: MetabolicNetwork
    train: Samples
    test: Samples


def _data(tasks: list[tuple[str, str, int]]) -> Iterator[_Data]:
    """Media and labels of every task, each computed once: labels cost more than the regressions that learn them."""
    networks: dict[str, MetabolicNetwork] = {}
    samples: dict[tuple[str, int], Samples] = {}
    for experiment, _, seed in tasks:
        setting = EXPERIMENTS[experiment]
        if setting.model not in networks:
            networks[setting.model] = load_network(setting.model)
        network = networks[setting.model]
        wanted = (
            (seed, setting.train_ranges, setting.train_samples),
            (TEST_SEED, setting.test_ranges, setting.test_samples),
        )
        for draw, ranges, count in wanted:
            if (experiment, draw) not in samples:
                samples[experiment, draw] = feasible_samples(network, ranges, count, setting.method, draw)
        yield _Data(network, samples[experiment, seed], samples[experiment, TEST_SEED])


def _run(path: Path, contestant: str, seed: int, data: _Data) -> None:
    """One run; its scores, and what the figure needs, are written as soon as it ends."""
    media, observed = data.test.media, data.test.fluxes.to_numpy()
    outcome = CONTESTANTS[contestant](data.network, data.train, media, seed)
    scores = score_fluxes(data.network, (list(media.columns), media.to_numpy()), observed, outcome.fluxes)
    scores["train_seconds"] = outcome.train_seconds
    np.savez_compressed(path.with_suffix(".npz"), observed=observed, predicted=outcome.fluxes)
    replace_file(path.with_suffix(".csv"), outcome.history.to_csv(index=False).encode())
    # The scores last: their file says that the run is complete.
    replace_file(path, json.dumps(scores, indent=2).encode())


def _file(experiment: str, contestant: str, seed: int) -> str:
    return f"{experiment}-{contestant}-{seed}.json"


def _collect(folder: Path, tasks: list[tuple[str, str, int]]) -> dict[str, Any]:
    """Scores of all runs, nested by the path of the experiment."""
    tree: dict[str, Any] = {}
    for experiment in EXPERIMENTS:
        for contestant in CONTESTANTS:
            runs = [
                json.loads((folder / _file(e, c, seed)).read_text(encoding="utf-8"))
                for e, c, seed in tasks
                if (e, c) == (experiment, contestant)
            ]
            branch = tree
            for part in experiment.split("."):
                branch = branch.setdefault(part, {})
            branch[contestant] = spread(runs)
    return tree
