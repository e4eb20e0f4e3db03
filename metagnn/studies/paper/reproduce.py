"""All experiments: run after run into a folder, so that a kill costs one run."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from metagnn.files.output import check_output, replace_file
from metagnn.studies.harness.experiment import AbstractExperiment
from metagnn.studies.harness.runs import Task, claim_runs, merge_results, read_scores, run_open
from metagnn.studies.paper.composition import BiomassContents
from metagnn.studies.paper.figure import draw_figure
from metagnn.studies.paper.hidden_co2 import HIDDEN_CO2
from metagnn.studies.paper.internal_fluxes import LABELLED
from metagnn.studies.paper.less_data import LessData
from metagnn.studies.paper.unseen_media import UNSEEN

EXPERIMENTS: tuple[AbstractExperiment, ...] = (LABELLED, UNSEEN, *HIDDEN_CO2, BiomassContents(), LessData())

PACKAGES = ("metagnn", "torch", "torch-geometric", "lightning", "cobra", "highspy", "piqp", "numpy", "scikit-learn")
RUNS = "runs"


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
    claim_runs(folder / RUNS, settings, keep=resume)
    tasks = [(e, c, seed) for e in experiments for seed in seeds[e.name] for c in e.contestants(size)]
    # The longest first, so that no process waits for one that began last.
    longest_first = sorted(tasks, key=lambda task: -_length(task))
    run_open(folder / RUNS, longest_first, jobs, progress or (lambda done, total: None))
    results = {
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "seed": first_seed,
        "wall_seconds": 0.0,
        "settings": settings,
    }
    for experiment in experiments:
        merge_results(results, experiment.results(read_scores(folder / RUNS, experiment, tasks)))
    draw_figure(results, folder / RUNS, folder / "figure.png", first_seed)
    results["wall_seconds"] = time.perf_counter() - started
    replace_file(folder / "results.json", json.dumps(results, indent=2).encode())
    return results


def _length(task: Task) -> int:
    """A rank of how long a task takes: what trains several times, then what trains, then the rest."""
    experiment, contestant, _ = task
    trains = "flux_gnn" in contestant or "mlp" in contestant
    return 2 if trains and isinstance(experiment, (BiomassContents, LessData)) else int(trains)
