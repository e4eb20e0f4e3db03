"""Run the sets that are asked for and whose files are there, and write results and figure."""

from __future__ import annotations

import dataclasses
import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from metagnn.errors import InputError, unknown_name
from metagnn.plots.canvas import save_figure
from metagnn.plots.measured import draw_measured
from metagnn.studies.harness.experiment import Repetitions
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.study import StudyOptions, read_results, run_study
from metagnn.studies.measured.measured_set import AbstractMeasuredSet
from metagnn.studies.measured.registry import SETS
from metagnn.studies.measured.report import measured_tables

RESULTS, FIGURE = "measured.json", "measured.png"


def study_measured(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Measure every set of `options.paths`, or all, with the files of `options.data`; write `measured.json`.

    The file holds `sets.<set>.<split>.<model>.<metric>`, nested, each with "median", "min" and "max" over the seeds
    (None where a model has no such metric), and `settings`.

    Raises:
        InputError: An unknown set, no folder where one is needed, or no set whose files are there.
        TableError: A file that cannot be used.
        FolderError: As `UnfinishedRun`, for other settings or other files.
    """
    started = time.perf_counter()
    experiments = experiments_of(options.paths, options.data)
    if options.seeds is not None:
        count = Repetitions(options.seeds, options.seeds, options.seeds)
        experiments = [dataclasses.replace(experiment, repetitions=count) for experiment in experiments]

    def write(results: dict[str, Any], place: Path) -> None:
        results["settings"]["wall_seconds"] = time.perf_counter() - started
        save_figure(draw_measured(results["sets"]), place / FIGURE)
        (place / RESULTS).write_bytes(json.dumps(results, indent=2).encode())

    run_study(folder, experiments, options, progress, write)
    return list(measured_tables(read_results(folder / RESULTS)))


def experiments_of(names: Sequence[str], data: str | None) -> list[AbstractMeasuredSet]:
    """Read the files of some sets; name and leave out a set whose files are not there.

    Args:
        names: Names of sets; all if there are none.
        data: The folder of the files; None where no set needs one.

    Raises:
        InputError: An unknown set, no folder where one is needed, or no set whose files are there.
        TableError: A file that cannot be used.
    """
    for name in names:
        if name not in SETS:
            raise InputError("`benchmark measured`: " + unknown_name(name, SETS, "set"))
    chosen = [name for name in SETS if not names or name in names]
    needing = [name for name in chosen if SETS[name].files]
    if data is None and needing:
        raise InputError(f"`--data` is missing; expected the folder with {SETS[needing[0]].files[0]} and the like")
    place = Path(data or ".")
    if not place.is_dir():
        raise InputError(f"`--data`: no folder at '{place}'; expected one with published tables")
    found = []
    for name in chosen:
        missing = [file for file in SETS[name].files if not (place / file).is_file()]
        if missing:
            warnings.warn(f"set {name!r} is skipped: '{place}' lacks {' and '.join(missing)}", stacklevel=2)
        else:
            found += SETS[name].experiments(SETS[name].read(place))
    if not found:
        raise InputError(f"'{place}' holds no file of {', '.join(map(repr, chosen))}; expected one at least")
    return found
