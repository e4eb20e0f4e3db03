"""Run all experiments of the paper, and write their results and figure."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from metagnn.studies.harness.experiment import AbstractExperiment
from metagnn.studies.harness.study import RUNS, StudyOptions, read_results, run_study
from metagnn.studies.paper.composition import BiomassContents
from metagnn.studies.paper.figure import draw_figure
from metagnn.studies.paper.hidden_co2 import HIDDEN_CO2
from metagnn.studies.paper.labelled_fluxes import LABELLED, UNSEEN
from metagnn.studies.paper.less_data import LessData

EXPERIMENTS: tuple[AbstractExperiment, ...] = (LABELLED, UNSEEN, *HIDDEN_CO2, BiomassContents(), LessData())

RESULTS = "results.json"

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
        The content of `results.json`; of its times, `wall_seconds` is that of the command that finished the runs.

    Raises:
        FolderError: As `UnfinishedRun`, for other settings.
    """
    started = time.perf_counter()
    options = StudyOptions(size, first_seed, jobs, force, resume)

    def write(results: dict[str, Any], place: Path) -> None:
        draw_figure(results, place / RUNS, place / "figure.png", first_seed)
        versions = {name: version(name) for name in PACKAGES} | {"python": platform.python_version()}
        seconds = time.perf_counter() - started
        document = {"versions": versions, "seed": first_seed, "wall_seconds": seconds, **results}
        (place / RESULTS).write_bytes(json.dumps(document, indent=2).encode())

    run_study(folder, EXPERIMENTS, options, progress, write)
    written: dict[str, Any] = read_results(folder / RESULTS)
    return written
