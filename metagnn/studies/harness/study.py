"""Run a study: every experiment with every contestant and every seed, one file a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metagnn.files.output import check_output
from metagnn.studies.harness.experiment import AbstractExperiment
from metagnn.studies.harness.runs import Progress, claim_runs, merge_results, read_scores, run_open

RUNS = "runs"
"""Folder of the single runs, inside the folder of the study."""


@dataclass(frozen=True)
class StudyOptions:
    """How a study is run.

    Attributes:
        size: "quick" (one seed and little work, to see that everything runs), "usual" or "full".
        first_seed: The first seed; the others follow it.
        jobs: Worker processes; by default one per core, and at most eight.
        force: Replace results that exist.
        resume: Keep the runs that an interrupted command finished.
        table: A file with your own samples, for studies that take one.
        model: Name or path of the network of `table`.
        paths: Files and folders, for studies that take them.
        media: Number of media; by default that of the study.
        seeds: Number of seeds; by default that of the study.
        growth: The growth reaction of every model; by default the one in its file.
    """

    size: str = "usual"
    first_seed: int = 0
    jobs: int | None = None
    force: bool = False
    resume: bool = False
    table: str | None = None
    model: str | None = None
    paths: tuple[str, ...] = ()
    media: int | None = None
    seeds: int | None = None
    growth: str | None = None

    @property
    def quick(self) -> bool:
        """Whether the size is "quick"."""
        return self.size == "quick"


def run_study(
    folder: Path, experiments: Sequence[AbstractExperiment], options: StudyOptions, progress: Progress | None = None
) -> dict[str, Any]:
    """Run every experiment with every contestant and every seed; an interrupt loses unfinished runs only.

    Args:
        folder: Where to write; single runs go into its folder `runs`.
        experiments: The experiments, in the order of the results.
        options: Size, seeds, processes, and what to do with results that exist.
        progress: Called with the number of finished runs and the number of all runs.

    Returns:
        The entries of all experiments, merged, and `settings`: everything needed to repeat them.

    Raises:
        FolderError: The folder exists or cannot be written, or holds runs of other settings.
    """
    check_output(folder, options.force, options.resume, folder=True)
    size, first = options.size, options.first_seed
    experiments = [e.quick() if options.quick else e for e in experiments]
    seeds = {e.name: list(range(first, first + e.repetitions.count(size))) for e in experiments}
    settings = {
        "size": size,
        "seeds": seeds[experiments[0].name],
        "experiments": {e.name: e.settings() | {"seeds": seeds[e.name]} for e in experiments},
    }
    claim_runs(folder / RUNS, settings, keep=options.resume)
    tasks = [(e, c, seed) for e in experiments for seed in seeds[e.name] for c in e.contestants(size)]
    # The longest first, so that no process waits for one that began last.
    longest_first = sorted(tasks, key=lambda task: -task[0].cost(task[1]))
    run_open(folder / RUNS, longest_first, options.jobs, progress or (lambda done, total: None))
    results: dict[str, Any] = {"settings": settings}
    for experiment in experiments:
        merge_results(results, experiment.results(read_scores(folder / RUNS, experiment, tasks)))
    return results
