"""Tables as Parquet files, through pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

from metagnn.errors import TableError
from metagnn.files.file_kind import check_kind
from metagnn.files.table_format import (
    AbstractRowWriter,
    AbstractTableFormat,
    OpenTable,
    check_cells,
    check_names,
    clean_name,
)

MOST_BYTES = 1 << 29
"""Bytes to which the pages of a table that is read whole may unfold."""

if TYPE_CHECKING:
    import pandas as pd


class Parquet(AbstractTableFormat):
    """Apache Parquet; pyarrow is an optional dependency, imported at the first use."""

    ending = ".parquet"
    name = "Parquet"

    def open_table(self, path: Path, rows: int | None = None) -> OpenTable:
        """Open a file; an index that pandas stored beside the columns is a column."""
        arrow = _import_pyarrow(path)
        check_kind(path, self.ending)
        chunks = self._whole(arrow, path) if rows is None else self._chunks(arrow, path, rows)
        return OpenTable(chunks, self.name)

    def _whole(self, arrow: ModuleType, path: Path) -> Iterator[pd.DataFrame]:
        with _damage_named(path), _open(arrow, path) as file:
            sizes = file.metadata
            check_cells(sizes.num_rows, sizes.num_columns, path)
            claimed = sum(sizes.row_group(group).total_byte_size for group in range(sizes.num_row_groups))
            if claimed > MOST_BYTES:
                raise TableError(f"'{path}' unfolds to {claimed >> 20} MiB; expected at most {MOST_BYTES >> 20}")
            table = _to_frame(file.read(), path)
        yield table

    def _chunks(self, arrow: ModuleType, path: Path, rows: int) -> Iterator[pd.DataFrame]:
        with _damage_named(path), _open(arrow, path) as file:
            for batch in file.iter_batches(batch_size=rows):
                yield _to_frame(arrow.Table.from_batches([batch]), path)

    def open_writer(self, file: IO[bytes], path: Path) -> AbstractRowWriter:
        """A writer whose first rows set the type of every column."""
        return _ParquetWriter(_import_pyarrow(path), file)

    def require_package(self, path: Path) -> None:
        """Raise `TableError` if pyarrow is not installed."""
        _import_pyarrow(path)


class _ParquetWriter(AbstractRowWriter):
    def __init__(self, arrow: ModuleType, file: IO[bytes]) -> None:
        self._arrow, self._file = arrow, file
        self._writer: Any = None

    def write(self, rows: pd.DataFrame) -> None:
        schema = self._writer.schema if self._writer is not None else None
        part = self._arrow.Table.from_pandas(rows, schema, preserve_index=False)
        if self._writer is None:
            self._writer = self._arrow.parquet.ParquetWriter(self._file, part.schema)
        self._writer.write_table(part)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _open(arrow: ModuleType, path: Path) -> Any:
    """The file, whose texts will be read as numbers of entries in a dictionary: a long one that repeats stays one."""
    types = arrow.types
    with arrow.parquet.ParquetFile(path) as file:
        fields = list(file.schema_arrow)
    for field in fields:
        if types.is_nested(field.type):
            raise TableError(f"'{path}': column {field.name!r} holds lists or records; expected numbers or text")
    texts = [field.name for field in fields if types.is_string(field.type) or types.is_binary(field.type)]
    return arrow.parquet.ParquetFile(path, read_dictionary=texts)


def _to_frame(table: Any, path: Path) -> pd.DataFrame:
    check_names(table.column_names, path)
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    frame.columns = [clean_name(name) for name in table.column_names]
    for position, kind in enumerate(frame.dtypes):
        if kind == "category":
            frame.isetitem(position, frame.iloc[:, position].to_numpy(dtype=object))
    return frame


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except TableError:
        raise
    # Damage reaches arrow's own errors and whatever the makers of dates, texts and pandas' metadata raise.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
        raise TableError(f"'{path}' cannot be read as Parquet: {reason}") from error


def _import_pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise TableError(f"'{path}' needs Parquet support: pip install \"metagnn[parquet]\"") from error
    module: ModuleType = pyarrow
    return module
