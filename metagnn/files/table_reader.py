"""Tables read from files: one row a sample, no index column."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.errors import TableError, TableWarning
from metagnn.files.table_format import OpenTable, is_label, is_text
from metagnn.files.table_formats import ENDINGS, find_format
from metagnn.files.table_values import parse_column, parse_flags
from metagnn.files.whole_file import kind_of_file


def read_table(path: str | Path, flags: bool = True) -> pd.DataFrame:
    """Read a table of media, rates or fluxes.

    Missing cells become NaN, and numbers keep every digit. Text may be separated by commas, semicolons or tabs, with
    decimal points or commas, in UTF-8, UTF-16 or Windows-1252, with comments (lines that begin with "#"). Units in a
    second header row are put in brackets behind the names. Columns such as `sample`, `strain` and `notes`, and
    `knockout`, are read as text. What was not plain is said in a warning, and
    `describe_table` returns it.

    Args:
        path: The file; its ending names the format: .csv, .tsv, .xlsx, .parquet.
        flags: Whether columns of True and False may stay what they are, as in lists of what media hold.

    Raises:
        TableError: A missing, empty or damaged file, or one that is something else than its ending says; a header
            without rows, columns without a name or with the same one, rows of another length than the header, a cell
            that is no number, or a table that can be read in two ways.

    Warns:
        TableWarning: How the table was read.
    """
    reading = _Reading(Path(path), None, flags)
    tables = list(reading.tables())
    return tables[0]


def read_table_chunks(path: str | Path, rows: int) -> Iterator[pd.DataFrame]:
    """Read a table some rows at a time, so that memory does not grow with the file; checked as by `read_table`.

    Args:
        path: The file; its ending names the format.
        rows: Rows of a chunk.

    Raises:
        TableError: As `read_table`; the length of every row of a text file is checked before the first chunk.

    Warns:
        TableWarning: How the table was read, with its first chunk.
    """
    yield from _Reading(Path(path), rows, False).tables()


def describe_table(path: str | Path) -> str:
    """Say how a table is read, such as "semicolon-separated with decimal comma, UTF-16"; "" for the plain way.

    Raises:
        TableError: As `read_table`.
    """
    reading = _Reading(Path(path), 10_000, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        for _ in reading.tables():
            pass
    return ", ".join(reading.how)


class _Reading:
    """One pass over a table.

    Attributes:
        how: How it was read so far, in words, where that is not the plain way.
    """

    def __init__(self, path: Path, rows: int | None, flags: bool) -> None:
        self._path, self._rows, self._flags = path, rows, flags
        self._gaps: set[str] = set()
        self.how: list[str] = []

    def tables(self) -> Iterator[pd.DataFrame]:
        """The table, whole or in chunks."""
        opened = self._open()
        done = 0
        for table in opened.chunks:
            if not len(table):
                continue
            known = frozenset(self._gaps)
            table = self._with_numbers(opened, table, done)
            new = sorted(self._gaps - known)
            said = [f"{' and '.join(map(repr, new))} as missing"] if new else []
            if not done:
                said = [*opened.how, *_kept_labels(table), *said]
            if said or not (done or opened.usual):
                self._say(opened.form, said)
            done += len(table)
            yield table
        if not done:
            raise TableError(f"'{self._path}' has a header but no rows; expected at least one")

    def _open(self) -> OpenTable:
        known = find_format(self._path)
        if not self._path.is_file():
            if self._path.exists():
                # A pipe can be read once, and a table is: checked first, then read.
                what = kind_of_file(self._path.stat().st_mode)
                raise TableError(f"'{self._path}' is {what}; expected a file: write the table to one first")
            raise TableError(f"no table at '{self._path}'; expected a file ({' or '.join(ENDINGS)})")
        if self._path.stat().st_size == 0:
            raise TableError(f"'{self._path}' is empty; expected a header and at least one row")
        return known.open_table(self._path, self._rows)

    def _say(self, form: str, said: list[str]) -> None:
        """Warn with how the table was read; of a later chunk with the spellings that are new."""
        self.how += said if self.how else [form, *said]
        warnings.warn(f"'{self._path}' was read as {', '.join(self.how)}", TableWarning, stacklevel=4)

    def _with_numbers(self, opened: OpenTable, table: pd.DataFrame, first_row: int) -> pd.DataFrame:
        """The rows with numbers in every column that is not text."""
        for position, name in enumerate(table.columns):
            column = table.iloc[:, position]
            plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
            if plain or is_text(name):
                continue
            parsed = parse_column(column, opened.decimal)
            if parsed.fault is None:
                table.isetitem(position, parsed.values)
                self._gaps |= parsed.gaps
            elif self._flags and (flags := parse_flags(column)) is not None:
                table.isetitem(position, pd.array(flags, dtype="boolean"))
            else:
                row, why = parsed.fault
                line = f", line {opened.line(first_row + row)}" if opened.line else ""
                raise TableError(f"'{self._path}'{line}: column {str(name)!r}, row {first_row + row}: {why}")
        return table


def _kept_labels(table: pd.DataFrame) -> list[str]:
    """Say which columns are kept as labels, but for those of metagnn's own tables."""
    names = [str(name) for name in table.columns if is_label(name) and name not in ("sample", "status")]
    return [f"{', '.join(names)} as label{'s' * (len(names) > 1)}"] if names else []
