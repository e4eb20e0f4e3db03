"""Tables read from files: one row a sample, no index column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.errors import TableError
from metagnn.files.table_format import TEXT_COLUMNS, AbstractTableFormat
from metagnn.files.table_formats import ENDINGS, find_format
from metagnn.files.table_values import parse_column


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of media, rates or fluxes.

    Empty cells become NaN. Numbers keep every digit. Columns `sample`, `status` and `knockout` are
    read as text.

    Args:
        path: The file; its ending names the format: .csv, .parquet.

    Raises:
        TableError: A missing or empty file, an unknown ending, a header without rows, columns without a name or
            with the same one, rows of another length than the header, text among numbers, or a file that is not
            UTF-8 or damaged.
    """
    path = Path(path)
    table = _readable(path).read(path)
    if not len(table):
        raise _no_rows(path)
    return _with_numbers(table, path, 0)


def read_table_chunks(path: str | Path, rows: int) -> Iterator[pd.DataFrame]:
    """Read a table some rows at a time, so that memory does not grow with the file; checked as by `read_table`.

    Args:
        path: The file; its ending names the format.
        rows: Rows of a chunk.

    Raises:
        TableError: As `read_table`; the length of every row of a text file is checked before the first chunk.
    """
    path = Path(path)
    done = 0
    for chunk in _readable(path).read_chunks(path, rows):
        if len(chunk):
            yield _with_numbers(chunk, path, done)
        done += len(chunk)
    if not done:
        raise _no_rows(path)


def _readable(path: Path) -> AbstractTableFormat:
    known = find_format(path)
    if not path.is_file():
        raise TableError(f"no table at '{path}'; expected a file ({' or '.join(ENDINGS)})")
    if path.stat().st_size == 0:
        raise TableError(f"'{path}' is empty; expected a header and at least one row")
    return known


def _no_rows(path: Path) -> TableError:
    return TableError(f"'{path}' has a header but no rows; expected at least one")


def _with_numbers(table: pd.DataFrame, path: Path, first_row: int) -> pd.DataFrame:
    """The rows with numbers in every column that is not text."""
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
        if name not in TEXT_COLUMNS and not plain:
            try:
                table.isetitem(position, parse_column(column, first_row))
            except TableError as error:
                raise TableError(f"'{path}': {error}") from error
    return table
