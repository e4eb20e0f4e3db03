"""All splits in both settings: run after run into a folder, so that a kill costs one run."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metagnn.datasets.extrapolation import SPLITS, split_media
from metagnn.errors import TableError
from metagnn.files.output import check_output, replace_file
from metagnn.plots.canvas import save_figure
from metagnn.plots.extrapolation import draw_extrapolation
from metagnn.studies.extrapolation.experiment import SETTINGS, Extrapolation
from metagnn.studies.extrapolation.source import AbstractSource, MediaTable, SparseMedia
from metagnn.studies.harness.runs import Progress, Task, claim_runs, merge_results, read_scores, run_open
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.rivals.media_contestants import MODELS, QUICK, Effort

RUNS, RESULTS, FIGURE = "runs", "extrapolation.json", "extrapolation.png"
QUICK_MEDIA = 48
SLOWEST = ("flux_gnn", "flux_gnn_soft", "gradient_boosting", "balance_mlp")
"""Contestants whose runs begin first, so that no process waits for one that began last."""


@dataclass(frozen=True)
class JobOptions:
    """How the runs are organised.

    Attributes:
        quick: One seed, few media, hardly any training: to see that everything runs.
        first_seed: The first seed.
        jobs: Processes; one per core, and at most eight, by default.
        force: Replace results that exist.
        resume: Keep the runs that a killed command finished.
    """

    quick: bool = False
    first_seed: int = 0
    jobs: int | None = None
    force: bool = False
    resume: bool = False


def run_extrapolation(
    folder: Path,
    table: MediaTable | None = None,
    options: JobOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train every model on every split, with labels of all fluxes and with growth alone.

    Args:
        folder: Where `extrapolation.json`, `extrapolation.png` and the single runs are written.
        table: A table of one's own; by default 300 media of e_coli_core with minimum-norm labels.
        options: Seeds, processes, and what to do with results that exist.
        progress: Called with how many runs are done, and of how many.

    Returns:
        The content of `extrapolation.json`: `<labelled|growth_only>.<split>.<model>.<metric>`, nested, each with
        "median", "min" and "max" over the seeds (None where a model does not say what a metric needs), and
        `settings`, with what each split held out under `splits`.

    Raises:
        FolderError: The folder exists or cannot be written, or holds runs of other settings.
        TableError: A table that cannot be used, or that no split can divide.
    """
    options, started = options or JobOptions(), time.perf_counter()
    source: AbstractSource = table or (SparseMedia(QUICK_MEDIA) if options.quick else SparseMedia())
    experiments = list(_possible(source, options))
    check_output(folder, options.force, options.resume, folder=True)
    size = "quick" if options.quick else "usual"
    seeds = [options.first_seed + number for number in range(experiments[0].repetitions.of(size))]
    settings = {
        "size": size,
        "seeds": seeds,
        "splits": [experiment.name for experiment in experiments],
        "samples": experiments[0].settings(),
    }
    claim_runs(folder / RUNS, settings, keep=options.resume)
    tasks: list[Task] = [(e, c, seed) for e in experiments for c in e.contestants(size) for seed in seeds]
    slowest_first = sorted(tasks, key=lambda task: SLOWEST.index(task[1]) if task[1] in SLOWEST else len(SLOWEST))
    run_open(folder / RUNS, slowest_first, options.jobs, progress or (lambda done, total: None))
    results: dict[str, Any] = {}
    splits: dict[str, Any] = {}
    for experiment in experiments:
        scores = read_scores(folder / RUNS, experiment, tasks)
        merge_results(results, experiment.results(scores))
        splits[experiment.split] = _describe(next(iter(scores.values())))
    for setting in results.values():
        for split, models in setting.items():
            setting[split] = {model: models[model] for model in MODELS if model in models}
    figure = draw_extrapolation(results)
    save_figure(figure, folder / FIGURE)
    results["settings"] = settings | {"splits": splits, "wall_seconds": time.perf_counter() - started}
    replace_file(folder / RESULTS, json.dumps(results, indent=2).encode())
    return results


def _possible(source: AbstractSource, options: JobOptions) -> Iterator[Extrapolation]:
    """The experiments that the samples allow; a table of one's own may lack what a split divides by."""
    effort = QUICK if options.quick else Effort()
    store = SampleStore()
    network, samples = store.network(source.model), source.samples(store, options.first_seed)
    targets = set(samples.fluxes.columns)
    possible = {"labelled": targets != {network.growth_reaction}, "growth_only": network.growth_reaction in targets}
    found = False
    for split in SPLITS:
        try:
            split_media(network, samples.media, split, options.first_seed)
        except TableError as error:
            warnings.warn(f"split {split!r} is left out: {error}", stacklevel=3)
            continue
        found = True
        for setting in SETTINGS:
            if possible[setting]:
                yield Extrapolation(f"{setting}.{split}", source, effort)
    if not found:
        raise TableError("no split can divide the table; expected media that differ in carbon sources, uptakes or O2")


def _describe(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What a split held out, by seed where seeds differ."""
    held_out = list(dict.fromkeys(run["held_out"] for run in runs))
    return {
        "held_out": held_out,
        "train_media": [run["train_media"] for run in runs],
        "test_media": [run["test_media"] for run in runs],
    }
