"""A table written some rows at a time, so that memory does not grow with the file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from metagnn.files.table_reader import check_ending, check_names, import_pyarrow


class TableWriter:
    """A CSV or Parquet file that appears under its name when its last row is written, and not before.

    Whatever stops the work, the file that was there before stays. `read_table` returns the same numbers, bit by bit.

    Args:
        path: A .csv or .parquet file in a folder that exists; an existing file is replaced.

    Raises:
        TableError: An unknown ending, or no Parquet support.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._arrow = import_pyarrow(self._path) if check_ending(self._path) == ".parquet" else None
        self._beside = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        self._file: Any = None
        self._parquet: Any = None

    def __enter__(self) -> TableWriter:
        self._file = self._beside.open("wb")
        return self

    def write(self, rows: pd.DataFrame) -> None:
        """Append rows, with the columns of the first ones; the index is not written.

        Raises:
            TableError: Columns with the same name.
            OSError: The disk is full.
        """
        names = [str(name) for name in rows.columns]
        check_names(names, self._path)
        if self._arrow is None:
            text = rows.to_csv(index=False, lineterminator="\n", header=self._file.tell() == 0)
            self._file.write(text.encode())
            return
        schema = self._parquet.schema if self._parquet is not None else None
        part = self._arrow.Table.from_pandas(rows.set_axis(names, axis=1), schema, preserve_index=False)
        if self._parquet is None:
            self._parquet = self._arrow.parquet.ParquetWriter(self._file, part.schema)
        self._parquet.write_table(part)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._parquet is not None:
                # It writes its end; of a table that is thrown away, a full disk may refuse it.
                with contextlib.suppress(*(() if kind is None else (OSError,))):
                    self._parquet.close()
            self._file.close()
            if kind is None:
                os.replace(self._beside, self._path)
        finally:
            self._beside.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table so that `read_table` returns the same numbers, bit by bit; an existing file is replaced.

    Args:
        table: One row a sample; the index is not written.
        path: A .csv or .parquet file in a folder that exists.

    Raises:
        TableError: An unknown ending, or columns with the same name.
    """
    with TableWriter(path) as writer:
        writer.write(table)
