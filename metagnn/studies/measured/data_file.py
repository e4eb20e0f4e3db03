"""DataFile: a file of a data folder that a benchmark needs, with the columns that it must have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from metagnn.errors import TableError
from metagnn.files.sealed import checksum


@dataclass(frozen=True, eq=False)
class DataFile:
    """A table of published measurements, checked.

    Attributes:
        name: Name of the file.
        table: Its content.
        checksum: Checksum of the file: a resumed run must be on the same data.
    """

    name: str
    table: pd.DataFrame
    checksum: str

    @property
    def record(self) -> dict[str, str]:
        """What the settings of a result say of it."""
        return {"file": self.name, "checksum": self.checksum}


def read_data_file(folder: Path, name: str, columns: Sequence[str], texts: Sequence[str] = ()) -> DataFile:
    """Read a file of a folder.

    Args:
        folder: The folder.
        name: Name of the file.
        columns: Columns of numbers that it must have, without a missing cell.
        texts: Further columns that it must have.

    Raises:
        TableError: It cannot be read, lacks a column, or has a cell that is no finite number where one is needed.
    """
    path = folder / name
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise TableError(f"'{path}' cannot be read as a table: {str(error).splitlines()[0]}") from error
    missing = [column for column in (*texts, *columns) if column not in table.columns]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise TableError(f"'{path}' lacks the column {missing[0]!r}{more}; expected the published table")
    if table.empty:
        raise TableError(f"'{path}' has no row; expected the published table")
    for column in columns:
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = numbers.isna() | numbers.abs().eq(float("inf"))
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            value = table[column].iloc[row]
            shown = "empty" if pd.isna(value) else repr(str(value))
            raise TableError(f"'{path}', row {row + 1}: {column!r} is {shown}; expected a number")
        table[column] = numbers
    return DataFile(name, table, checksum(path))
