"""Tables written to files: whole, some rows at a time, or as parts of a text file."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from metagnn.errors import TableError
from metagnn.files.output import beside, followed
from metagnn.files.table_format import AbstractRowWriter, check_names
from metagnn.files.table_formats import find_format


class TableWriter:
    """Writes a table some rows at a time; the file appears under its name when its last row is written.

    Whatever stops the work, the file that was there before stays. `read_table` returns the same numbers, bit by bit.

    Args:
        path: A file in a folder that exists; its ending names the format. An existing file is replaced.

    Raises:
        TableError: An unknown ending, or a package that the format needs is not installed.
    """

    def __init__(self, path: str | Path) -> None:
        self._format = find_format(Path(path), write=True)
        # A link stays a link: what it means is replaced.
        self._path = followed(path)
        self._format.require_package(self._path)
        self._beside = beside(self._path)
        self._file: Any = None
        self._rows: AbstractRowWriter

    def __enter__(self) -> TableWriter:
        self._file = self._beside.open("wb")
        self._rows = self._format.open_writer(self._file, self._path)
        return self

    def write(self, rows: pd.DataFrame) -> None:
        """Append rows, with the columns of the first ones; the index is not written.

        Raises:
            TableError: Columns with the same name, or without one.
            OSError: The disk is full.
        """
        self._rows.write(_with_text_names(rows, self._path))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # It writes its end; of a table that is thrown away, a full disk may refuse it.
            with contextlib.suppress(*(() if kind is None else (OSError,))):
                self._rows.close()
            self._file.close()
            if kind is None:
                os.replace(self._beside, self._path)
        finally:
            self._beside.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table so that `read_table` returns the same numbers, bit by bit; an existing file is replaced.

    Args:
        table: One row a sample; the index is not written.
        path: A file in a folder that exists; its ending names the format: .csv, .tsv, .parquet.

    Raises:
        TableError: An unknown ending, or columns with the same name.
    """
    with TableWriter(path) as writer:
        writer.write(table)


def text_of_rows(rows: pd.DataFrame, path: Path, header: bool) -> bytes:
    """Rows as a text table holds them; parts joined in order are the file that `write_table` writes.

    Args:
        rows: The rows; the index is left out.
        path: The file that they are for, of a format that can grow, such as .csv.
        header: Whether the names of the columns come first.

    Raises:
        TableError: A format that cannot grow, or columns with the same name or without one.
    """
    known = find_format(path, write=True)
    if not known.grows:
        raise TableError(f"'{path}' is {known.name}, to which no rows can be appended; expected .csv")
    buffer = io.BytesIO()
    # What is not at the start of a file gets no header.
    before = buffer.write(b"" if header else b"\n")
    known.open_writer(buffer, path).write(_with_text_names(rows, path))
    return buffer.getvalue()[before:]


def _with_text_names(rows: pd.DataFrame, path: Path) -> pd.DataFrame:
    names = [str(name) for name in rows.columns]
    check_names(names, path)
    return rows.set_axis(names, axis=1)
