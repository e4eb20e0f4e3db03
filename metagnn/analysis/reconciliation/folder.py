"""Reconcile a file of measured rates of any length into a folder, chunk by chunk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from metagnn.analysis.reconciliation.finished_chunks import FinishedChunks, rates_digest
from metagnn.analysis.reconciliation.options import ReconcileOptions
from metagnn.analysis.reconciliation.reconciler import Reconciler
from metagnn.analysis.reconciliation.reconciliation import Reconciliation
from metagnn.analysis.reconciliation.report import ReportTotals, intervals_table, reconciled_table, samples_table
from metagnn.datasets.rates import RateColumn, RateReader, RateTable
from metagnn.errors import FolderError, TableError
from metagnn.files.output import check_output
from metagnn.files.table_reader import read_table_chunks
from metagnn.files.unfinished_run import UnfinishedRun
from metagnn.network.document import network_checksum
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.progress import Report, reported

CHUNK_ENTRIES = 1_000_000
"""Fluxes of a chunk: 8 MB an array, with some tens of arrays in memory at once."""

MOST_RANGED = 5000
"""Largest number of rows for which ranges of determined fluxes are computed too; each costs a linear program."""

REPORT = "report.json"
TABLES = ("reconciled.csv", "intervals.csv", "samples.csv")


@dataclass(frozen=True, eq=False)
class RatesFile:
    """An open file of measured rates, with its header interpreted and its first rows read.

    Attributes:
        reader: Turns further rows into rates.
        columns: How every column was read.
        first: Rates of the first rows.
        rest: The rows after them.
        whole: Whether the first rows are all.
    """

    reader: RateReader
    columns: tuple[RateColumn, ...]
    first: RateTable
    rest: Iterator[pd.DataFrame]
    whole: bool


def open_rates(
    network: MetabolicNetwork, path: str | Path, units: Mapping[str, str] | None = None, noise: float = 0.05
) -> RatesFile:
    """Interpret the header of a file of measured rates and read its first rows.

    Args:
        network: The network.
        path: A .csv or .parquet file.
        units: By header: a unit, a header to read in its place, or "ignore".
        noise: Relative standard deviation of a measurement where the file gives none.

    Raises:
        TableError: As `read_table_chunks` and `RateReader`; or a time series longer than one chunk.
    """
    rows = max(CHUNK_ENTRIES // len(network.reactions), 100)
    chunks = read_table_chunks(path, rows)
    table = next(chunks, None)
    if table is None:
        raise TableError(f"'{path}' has a header but no rows; expected at least one")
    reader = RateReader(network, [str(name) for name in table.columns], units, noise)
    second = next(chunks, None)
    if reader.series and second is not None:
        raise TableError(f"'{path}' is a time series of more than {rows} rows; expected fewer, or one file a batch")
    first = reader.read(table)

    def rest() -> Iterator[pd.DataFrame]:
        if second is not None:
            yield second
            yield from chunks

    return RatesFile(reader, reader.column_descriptions(), first, rest(), second is None)


def reconcile_to_folder(
    network: MetabolicNetwork,
    rates: RatesFile,
    folder: str | Path,
    options: ReconcileOptions | None = None,
    force: bool = False,
    resume: bool = False,
    progress: bool | Report | None = None,
    draw: Callable[[Reconciliation, Path], object] | None = None,
) -> tuple[dict[str, Any], Reconciler, Reconciliation]:
    """Reconcile a file and write `reconciled.csv`, `intervals.csv`, `samples.csv` and `report.json`.

    The composition is fitted on the rows of the first chunk (ten thousand on a core model), and all rows are
    reconciled with it. `UnfinishedRun` keeps finished chunks until all are done, so that a run that was killed, or that
    met a damaged row, can be resumed.

    Args:
        network: The network.
        rates: The file.
        folder: Where to write.
        options: Settings.
        force: Replace what is there.
        resume: Continue an unfinished run.
        progress: Whether to show progress, as for `Reconciler.run`, or what to call with how many samples are done,
            and of how many that are read by then.
        draw: Draws the samples of the first chunk into the folder that it gets, which becomes part of the result.

    Returns:
        The report, the fitted reconciler, and the samples of the first chunk.

    Raises:
        InputError: As `Reconciler`; `FolderError` as `UnfinishedRun`, for another network, settings or rates.
    """
    folder = check_output(folder, force, resume, folder=True)
    options = options or ReconcileOptions()
    long = not rates.whole or len(rates.first.samples) > MOST_RANGED
    if long and options.ranges:
        options = replace(options, ranges=False)
    job = {"network": network_checksum(network), "rates": rates_digest(rates.first), **asdict(options)}
    job["columns"] = [asdict(column) for column in rates.columns]
    with UnfinishedRun(folder, job, folder=True, force=force, resume=resume) as run:
        reconciler = Reconciler(network, rates.first, options)
        if run.finished:
            return _finished(run, folder, rates), reconciler, reconciler.run(rates.first, progress)
        totals, chunks = ReportTotals(reconciler, rates.columns), FinishedChunks(run, folder, TABLES)
        try:
            with reported(progress, len(rates.first.samples), "samples") as report:
                first = _run_chunks(reconciler, rates, totals, chunks, report)
        except TableError as error:
            if not chunks.rows:
                raise
            kept = f"{chunks.rows} finished samples are kept; correct the file and continue with --resume"
            raise TableError(f"{error}; {kept}") from error
        document = totals.document()
        chunks.write({REPORT: json.dumps(document, indent=1, ensure_ascii=False).encode()})
        if draw is not None:
            with run.writing():
                draw(first, run.result)
        run.finish({"chunks": chunks.digests})
    return document, reconciler, first


def _finished(run: UnfinishedRun, folder: Path, rates: RatesFile) -> dict[str, Any]:
    """The report of a finished run.

    Raises:
        FolderError: It was of other rates; the job knows the first chunk only.
    """
    if [rates_digest(chunk) for chunk in _chunks(rates)] != run.note["chunks"]:
        raise FolderError(f"'{folder}' is finished, by a run with other rates; use --force instead of --resume")
    document: dict[str, Any] = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return document


def _run_chunks(
    reconciler: Reconciler,
    rates: RatesFile,
    totals: ReportTotals,
    finished: FinishedChunks,
    report: Report,
) -> Reconciliation:
    """Reconcile the unfinished chunks, accumulate the report, and return the samples of the first chunk."""
    first: Reconciliation | None = None
    done = 0
    for chunk in _chunks(rates):
        summary = finished.load(chunk)
        if summary is not None:
            totals.add_summary(summary)
        if summary is None or first is None:
            found = reconciler.run(chunk, _report_share(report, done, len(chunk.samples)))
            first = first or found
        if summary is None:
            fluxes, rows = (
                _with_labels(table, chunk)
                for table in (reconciled_table(found), samples_table(found, reconciler.measured))
            )
            finished.store(chunk, (fluxes, intervals_table(found), rows), totals.add(found))
        done += len(chunk.samples)
        report(done, done)
    assert first is not None
    return first


def _with_labels(table: pd.DataFrame, rates: RateTable) -> pd.DataFrame:
    """The table with the labels of the samples behind their names."""
    for position, (name, texts) in enumerate(rates.labels.items(), start=1):
        table.insert(position, name, list(texts))
    return table


def _report_share(report: Report, done: int, samples: int) -> Report:
    """Report the part of a chunk that is done as that share of its samples."""

    def share(part: int, of: int) -> None:
        report(done + samples * part // of, done + samples)

    return share


def _chunks(rates: RatesFile) -> Iterator[RateTable]:
    yield rates.first
    for table in rates.rest:
        yield rates.reader.read(table)
