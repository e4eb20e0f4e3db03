"""A file of measured rates, reconciled into a folder: whatever its length, some rows at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from metagnn.analysis.reconciliation.options import ReconcileOptions
from metagnn.analysis.reconciliation.reconciler import Reconciler, Reconciliation
from metagnn.analysis.reconciliation.report import ReportTotals, intervals_table, reconciled_table, samples_table
from metagnn.datasets.output import check_output, replace_file
from metagnn.datasets.rates import RateColumn, RateReader, RateTable
from metagnn.datasets.tables import read_table_chunks
from metagnn.errors import TableError
from metagnn.network.metabolic_network import MetabolicNetwork

CHUNK_ENTRIES = 1_000_000
"""Fluxes of a chunk: 8 MB an array, of which some tens are alive at once."""

MOST_RANGED = 5000
"""Rows of a first chunk up to which ranges are computed for determined fluxes too: a linear program each."""

REPORT = "report.json"
TABLES = ("reconciled.csv", "intervals.csv", "samples.csv")


@dataclass(frozen=True, eq=False)
class RatesFile:
    """A file of measured rates whose columns are understood, with its first rows read.

    Attributes:
        reader: Turns further rows into rates.
        columns: What was understood of every column.
        first: Rates of the first rows.
        rest: The rows after them.
        whole: Whether there are no others.
    """

    reader: RateReader
    columns: tuple[RateColumn, ...]
    first: RateTable
    rest: Iterator[pd.DataFrame]
    whole: bool


def open_rates(
    network: MetabolicNetwork, path: str | Path, units: Mapping[str, str] | None = None, noise: float = 0.05
) -> RatesFile:
    """Understand a file of measured rates, and read its first rows.

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

    return RatesFile(reader, reader.understood(), first, rest(), second is None)


def reconcile_to_folder(
    network: MetabolicNetwork,
    rates: RatesFile,
    folder: str | Path,
    options: ReconcileOptions | None = None,
    force: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[dict[str, Any], Reconciler, Reconciliation]:
    """Reconcile a file and write `reconciled.csv`, `intervals.csv`, `samples.csv` and `report.json`.

    The composition is fitted on the rows of the first chunk (ten thousand on a core model), and all rows are
    reconciled with it. Tables are written as the rows come; the report, last.

    Args:
        network: The network.
        rates: The file.
        folder: Where to write.
        options: Settings.
        force: Replace what is there.
        progress: Called with how many samples are done, and how many are known of.

    Returns:
        The report, the fitted reconciler, and the samples of the first chunk.

    Raises:
        FolderError: The folder is not empty, or cannot be written.
        InputError: As `Reconciler`.
    """
    folder = check_output(folder, force, folder=True)
    options = options or ReconcileOptions()
    long = not rates.whole or len(rates.first.samples) > MOST_RANGED
    if long and options.ranges:
        options = replace(options, ranges=False)
    reconciler = Reconciler(network, rates.first, options)
    totals = ReportTotals(reconciler, rates.columns)
    first: Reconciliation | None = None
    done = 0
    partial = {name: folder / f".{name}.tmp" for name in TABLES}
    try:
        for number, chunk in enumerate(_chunks(rates)):
            found = reconciler.run(chunk)
            first = first or found
            totals.add(found)
            tables = (reconciled_table(found, network.reactions), intervals_table(found), samples_table(found))
            for name, table in zip(TABLES, tables, strict=True):
                table.to_csv(partial[name], mode="a" if number else "w", header=not number, index=False)
            done += len(chunk.samples)
            if progress is not None:
                progress(done, done)
        for name, path in partial.items():
            path.replace(folder / name)
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)
    assert first is not None
    report = totals.document()
    replace_file(folder / REPORT, json.dumps(report, indent=1, ensure_ascii=False).encode())
    return report, reconciler, first


def _chunks(rates: RatesFile) -> Iterator[RateTable]:
    yield rates.first
    for table in rates.rest:
        yield rates.reader.read(table)
