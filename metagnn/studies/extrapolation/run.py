"""Run all splits with both kinds of labels, and write results and figure."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metagnn.datasets.extrapolation import SPLITS, split_media
from metagnn.errors import InputError, TableError
from metagnn.fba.growth_capacity import require_growth
from metagnn.plots.canvas import save_figure
from metagnn.plots.extrapolation import draw_extrapolation
from metagnn.studies.extrapolation.experiment import LABELS, Extrapolation
from metagnn.studies.extrapolation.report import extrapolation_tables
from metagnn.studies.extrapolation.source import AbstractSource, MediaTable, SparseMedia
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.study import StudyOptions, read_results, run_study
from metagnn.studies.rivals.problem import QUICK, Effort
from metagnn.studies.rivals.regressions import Tuning

RESULTS, FIGURE = "extrapolation.json", "extrapolation.png"
QUICK_MEDIA = 48


def study_extrapolation(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Train every model on every split, and make the tables of the results.

    Raises:
        InputError: A table without a model, or a model without a table.
        FolderError, TableError: As `run_extrapolation`.
    """
    if bool(options.table) != bool(options.model):
        given, missing = ("--table", "--model") if options.table else ("--model", "--table")
        raise InputError(f"`{given}` is given without `{missing}`; expected both, or neither for e_coli_core")
    if options.growth and not options.model:
        raise InputError("`--growth` is given without `--model`; expected it beside the model of your own table")
    return list(extrapolation_tables(run_extrapolation(folder, options, progress)))


def run_extrapolation(
    folder: Path, options: StudyOptions | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Train every model on every split, with labels of all fluxes and with growth alone.

    Args:
        folder: Where `extrapolation.json`, `extrapolation.png` and the single runs are written.
        options: Seeds, processes, what to do with results that exist, and your own table; by default 300 media of
            e_coli_core with minimum-norm labels.
        progress: Called with the number of finished runs and the number of all runs.

    Returns:
        The content of `extrapolation.json`: `<labelled|growth_only>.<split>.<model>.<metric>`, nested, each with
        "median", "min" and "max" over the seeds (None where a model does not predict what a metric needs), and
        `settings`, with what each split held out under `splits`.

    Raises:
        FolderError: As `UnfinishedRun`, for other settings.
        TableError: A table that cannot be used, or that no split can divide.
    """
    options, started = options or StudyOptions(), time.perf_counter()
    source: AbstractSource = SparseMedia(QUICK_MEDIA) if options.quick else SparseMedia()
    if options.table and options.model:
        source = MediaTable(options.table, options.model, options.growth)
    experiments = list(_possible(source, options))

    def write(results: dict[str, Any], place: Path) -> None:
        save_figure(draw_extrapolation(results), place / FIGURE)
        results["settings"] |= {"samples": experiments[0].settings(), "wall_seconds": time.perf_counter() - started}
        (place / RESULTS).write_bytes(json.dumps(results, indent=2).encode())

    run_study(folder, experiments, options, progress, write)
    written: dict[str, Any] = read_results(folder / RESULTS)
    return written


def _possible(source: AbstractSource, options: StudyOptions) -> Iterator[Extrapolation]:
    """Yield the experiments that the samples allow; your own table may lack what a split divides by."""
    effort = QUICK if options.quick else Effort(tuning=Tuning())
    store = SampleStore()
    network = store.network(source.model, source.growth)
    require_growth(network)
    samples = source.samples(store, options.first_seed)
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
        for labels in LABELS:
            if possible[labels]:
                yield Extrapolation(f"{labels}.{split}", source, effort)
    if not found:
        raise TableError("no split can divide the table; expected media that differ in carbon sources, uptakes or O2")
