"""Run all experiments of the paper, and write their results and figure."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from metagnn.files.output import replace_file
from metagnn.studies.harness.experiment import AbstractExperiment
from metagnn.studies.harness.study import RUNS, StudyOptions, run_study
from metagnn.studies.paper.composition import BiomassContents
from metagnn.studies.paper.figure import draw_figure
from metagnn.studies.paper.hidden_co2 import HIDDEN_CO2
from metagnn.studies.paper.labelled_fluxes import LABELLED, UNSEEN
from metagnn.studies.paper.less_data import LessData

EXPERIMENTS: tuple[AbstractExperiment, ...] = (LABELLED, UNSEEN, *HIDDEN_CO2, BiomassContents(), LessData())

PACKAGES = ("metagnn", "torch", "torch-geometric", "lightning", "cobra", "highspy", "piqp", "numpy", "scikit-learn")


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
        size: "quick", "usual" or "full": how many seeds; each draws its own samples and weights.
        first_seed: The first of them.
        jobs: Processes; by default one per core, and at most eight.
        force: Replace results that exist.
        resume: Keep the runs that an interrupted command finished.
        progress: Called with the number of finished runs and the number of all runs.

    Returns:
        The content of `results.json`.

    Raises:
        FolderError: The folder exists or cannot be written, or holds runs of other settings.
    """
    started = time.perf_counter()
    options = StudyOptions(size, first_seed, jobs, force, resume)
    results = {
        "versions": {name: version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "seed": first_seed,
        "wall_seconds": 0.0,
        **run_study(folder, EXPERIMENTS, options, progress),
    }
    draw_figure(results, folder / RUNS, folder / "figure.png", first_seed)
    results["wall_seconds"] = time.perf_counter() - started
    replace_file(folder / "results.json", json.dumps(results, indent=2).encode())
    return results
