"""What a format of tables does: read a whole file, read and write it some rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metagnn.errors import TableError

# The command line lists the formats before it needs pandas.
if TYPE_CHECKING:
    import pandas as pd

TEXT_COLUMNS = ("sample", "status", "knockout")
"""Columns that may hold text; every other one holds numbers."""


class AbstractRowWriter(ABC):
    """Writes the rows of one table to an open file."""

    @abstractmethod
    def write(self, rows: pd.DataFrame) -> None:
        """Append rows, with the columns of the first ones; the index is not written."""

    def close(self) -> None:
        """Write what follows the last row; the file stays open."""
        return


class AbstractTableFormat(ABC):
    """One format of tables.

    Attributes:
        ending: Ending of its files, in lower case, with the dot.
        name: Its name in help texts and messages.
        grows: Whether rows can be appended to a finished file.
    """

    ending: str
    name: str
    grows: bool = False

    @abstractmethod
    def read(self, path: Path) -> pd.DataFrame:
        """Read a whole file; cells as the format holds them, an empty one as missing.

        Raises:
            TableError: The file is damaged, names a column twice or not at all, or a package is missing.
        """

    @abstractmethod
    def read_chunks(self, path: Path, rows: int) -> Iterator[pd.DataFrame]:
        """Read a file `rows` rows at a time.

        Raises:
            TableError: As `read`.
        """

    @abstractmethod
    def open_writer(self, file: Any, path: Path) -> AbstractRowWriter:
        """A writer of rows.

        Args:
            file: Binary file to write to.
            path: The table that is written, for messages.
        """

    def require_package(self, path: Path) -> None:
        """Raise `TableError` if a package that the format needs is not installed."""
        return


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
