"""Run a study: every experiment with every contestant and every seed, one file a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metagnn.errors import FolderError
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.studies.harness.experiment import AbstractExperiment
from metagnn.studies.harness.runs import Progress, merge_results, read_scores, run_open, write_runs

RUNS, SETTINGS = "runs", "settings.json"
"""Folder of the single runs, inside the folder of the study, and the file in there that says how to repeat them."""


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
        data: Folder of tables of measurements, for studies that need them.
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
    data: str | None = None

    @property
    def quick(self) -> bool:
        """Whether the size is "quick"."""
        return self.size == "quick"


def run_study(
    folder: Path,
    experiments: Sequence[AbstractExperiment],
    options: StudyOptions,
    progress: Progress | None = None,
    write: Callable[[dict[str, Any], Path], object] | None = None,
) -> dict[str, Any]:
    """Run every experiment with every contestant and every seed; an interrupt loses unfinished runs only.

    Args:
        folder: Where to write, as an `UnfinishedRun`; single runs go into its folder `runs`.
        experiments: The experiments, in the order of the results.
        options: Size, seeds, processes, and what to do with results that exist.
        progress: Called with the number of finished runs and the number of all runs.
        write: Writes further files of the results into the folder that it gets, beside the folder `runs`; not called
            for a study that is finished already.

    Returns:
        The entries of all experiments, merged, and `settings`: everything needed to repeat them.

    Raises:
        FolderError: As `UnfinishedRun`, for other settings.
    """
    size, first = options.size, options.first_seed
    experiments = [e.quick() if options.quick else e for e in experiments]
    seeds = {e.name: list(range(first, first + e.repetitions.count(size))) for e in experiments}
    settings = {
        "size": size,
        "seeds": seeds[experiments[0].name],
        "experiments": {e.name: e.settings() | {"seeds": seeds[e.name]} for e in experiments},
    }
    tasks = [(e, c, seed) for e in experiments for seed in seeds[e.name] for c in e.contestants(size)]

    def results(runs: Path) -> dict[str, Any]:
        merged: dict[str, Any] = {"settings": dict(settings)}
        for experiment in experiments:
            merge_results(merged, experiment.results(read_scores(runs, experiment, tasks)))
        return merged

    with UnfinishedRun(folder, settings, folder=True, force=options.force, resume=options.resume) as run:
        if run.finished:
            return results(folder / RUNS)
        # The longest first, so that no process waits for one that began last.
        longest_first = sorted(tasks, key=lambda task: -task[0].cost(task[1]))
        run_open(run, longest_first, options.jobs, progress or (lambda done, total: None))
        with run.writing():
            runs = run.result / RUNS
            runs.mkdir()
            (runs / SETTINGS).write_bytes(json.dumps(settings, indent=2).encode())
            write_runs(run, runs, tasks)
            merged = results(runs)
            if write is not None:
                write(merged, run.result)
        run.finish(clocked=clocked_files(run.result))
    return merged


def clocked_files(folder: Path) -> list[str]:
    """Files of a result that hold measured times, and so differ from one run to the next: scores and their summary."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))
    return [name for name in found if name != f"{RUNS}/{SETTINGS}"]


def read_results(path: Path) -> Any:
    """Read the summary of a finished study.

    Raises:
        FolderError: It is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(f"'{path}' is damaged; use --force to run all anew") from error
