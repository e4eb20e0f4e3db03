"""Tables read from CSV and Parquet: one row a sample, no index column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pandas as pd

from metagnn.errors import TableError

TEXT_COLUMNS = ("sample", "status", "knockout")
"""Columns that may hold text; every other one holds numbers."""

ENDINGS = (".csv", ".parquet")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of media, rates or fluxes.

    Empty cells become NaN. Numbers keep every digit. Columns `sample`, `status` and `knockout` are
    read as text.

    Args:
        path: A .csv or .parquet file.

    Raises:
        TableError: A missing or empty file, an unknown ending, a header without rows, columns without a name or
            with the same one, rows of another length than the header, text among numbers, or a file that is not
            UTF-8 or damaged.
    """
    path = Path(path)
    ending = check_ending(path)
    if not path.is_file():
        raise TableError(f"no table at '{path}'; expected a file ({' or '.join(ENDINGS)})")
    if path.stat().st_size == 0:
        raise TableError(f"'{path}' is empty; expected a header and at least one row")
    table = _read_csv(path) if ending == ".csv" else _read_parquet(path)
    if not len(table):
        raise TableError(f"'{path}' has a header but no rows; expected at least one")
    for position, name in enumerate(table.columns):
        if name not in TEXT_COLUMNS:
            table.isetitem(position, _numbers(table.iloc[:, position], path).to_numpy())
    return table


def read_table_chunks(path: str | Path, rows: int) -> Iterator[pd.DataFrame]:
    """Read a table some rows at a time, so that memory does not grow with the file; checked as by `read_table`.

    Args:
        path: A .csv or .parquet file.
        rows: Rows of a chunk.

    Raises:
        TableError: As `read_table`; of a CSV file, every row's length is checked before the first chunk.
    """
    path = Path(path)
    ending = check_ending(path)
    if not path.is_file():
        raise TableError(f"no table at '{path}'; expected a file ({' or '.join(ENDINGS)})")
    if path.stat().st_size == 0:
        raise TableError(f"'{path}' is empty; expected a header and at least one row")
    done = 0
    for chunk in _csv_chunks(path, rows) if ending == ".csv" else _parquet_chunks(path, rows):
        for position, name in enumerate(chunk.columns):
            if name not in TEXT_COLUMNS:
                chunk.isetitem(position, _numbers(chunk.iloc[:, position], path, done).to_numpy())
        done += len(chunk)
        if len(chunk):
            yield chunk
    if not done:
        raise TableError(f"'{path}' has a header but no rows; expected at least one")


def check_ending(path: Path) -> str:
    """The ending of a table's file.

    Raises:
        TableError: It is no table's.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise TableError(f"'{path}' has an unknown ending; expected {' or '.join(ENDINGS)}")
    return ending


def check_names(names: Iterable[str], path: Path) -> None:
    """Raise unless every column has a name of its own.

    Raises:
        TableError: Naming the column.
    """
    seen: set[str] = set()
    for position, name in enumerate(names):
        if not name.strip():
            raise TableError(f"'{path}': column {position + 1} has no name (an index? write the table without it)")
        if name in seen:
            raise TableError(f"'{path}': column {name!r} appears more than once")
        seen.add(name)


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"'{path}' is not UTF-8 text (byte {error.start}); expected a CSV table") from error
    texts = _text_columns(_checked_header(io.StringIO(text), path))
    return pd.read_csv(io.StringIO(text), dtype=texts, float_precision="round_trip", low_memory=False)


def _csv_chunks(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = _checked_header(file, path)
    except UnicodeDecodeError as error:
        raise TableError(f"'{path}' is not UTF-8 text (byte {error.start}); expected a CSV table") from error
    reader = pd.read_csv(
        path, dtype=_text_columns(header), float_precision="round_trip", chunksize=rows, encoding="utf-8-sig"
    )
    with reader:
        yield from reader


def _parquet_chunks(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    arrow = import_pyarrow(path)
    try:
        file = arrow.parquet.ParquetFile(path)
        check_names(file.schema_arrow.names, path)
        for batch in file.iter_batches(batch_size=rows):
            yield batch.to_pandas()
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).strip().partition("\n")[0][:160]
        raise TableError(f"'{path}' cannot be read as Parquet: {reason}") from error


def _text_columns(header: Sequence[str]) -> dict[str, type[str]]:
    return {name: str for name in TEXT_COLUMNS if name in header}


def _checked_header(lines: Iterable[str], path: Path) -> list[str]:
    """Names of the columns, once every row is known to be as long."""
    # pandas would rename a column that appears twice, fill up short rows and take a surplus one for an index.
    reader = csv.reader(lines, strict=True)
    try:
        header = next((row for row in reader if row), [])
        check_names(header, path)
        for row in reader:
            if row and len(row) != len(header):
                raise TableError(
                    f"'{path}', line {reader.line_num}: {len(row)} cells; expected {len(header)}, as in the header"
                )
    except csv.Error as error:
        raise TableError(f"'{path}', line {reader.line_num}: no CSV ({error})") from error
    if not header:
        raise TableError(f"'{path}' is empty; expected a header and at least one row")
    return header


def _read_parquet(path: Path) -> pd.DataFrame:
    arrow = import_pyarrow(path)
    try:
        table = arrow.parquet.read_table(path)
    except (arrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:160]
        raise TableError(f"'{path}' cannot be read as Parquet: {reason}") from error
    check_names(table.column_names, path)
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def import_pyarrow(path: Path) -> ModuleType:
    """What reads and writes Parquet.

    Raises:
        TableError: It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise TableError(f"'{path}' needs Parquet support: pip install \"metagnn[parquet]\"") from error
    module: ModuleType = pyarrow
    return module


def _numbers(column: pd.Series, path: Path, before: int = 0) -> pd.Series:
    """A column as numbers; `before` rows of the file came before its first."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column
    numbers = pd.to_numeric(column.astype(object).map(_no_bool), errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        text = str(column.iloc[row])[:60]
        raise TableError(f"'{path}': column {column.name!r}, row {before + row}: {text!r} is no number")
    return numbers.astype("float64")


def _no_bool(value: object) -> object:
    return str(value) if isinstance(value, bool) else value
