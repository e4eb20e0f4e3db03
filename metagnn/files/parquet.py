"""Tables as Parquet files, through pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

from metagnn.errors import TableError
from metagnn.files.file_kind import check_kind
from metagnn.files.table_format import AbstractRowWriter, AbstractTableFormat, OpenTable, check_names, clean_name

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
        with _damage_named(arrow, path):
            table = arrow.parquet.read_table(path)
        yield _to_frame(table, path)

    def _chunks(self, arrow: ModuleType, path: Path, rows: int) -> Iterator[pd.DataFrame]:
        with _damage_named(arrow, path), arrow.parquet.ParquetFile(path) as file:
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


def _to_frame(table: Any, path: Path) -> pd.DataFrame:
    check_names(table.column_names, path)
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    frame.columns = [clean_name(name) for name in table.column_names]
    return frame


@contextmanager
def _damage_named(arrow: ModuleType, path: Path) -> Iterator[None]:
    try:
        yield
    except (arrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        reason = str(error).strip().partition("\n")[0][:160]
        raise TableError(f"'{path}' cannot be read as Parquet: {reason}") from error


def _import_pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise TableError(f"'{path}' needs Parquet support: pip install \"metagnn[parquet]\"") from error
    module: ModuleType = pyarrow
    return module
