"""What a format of tables does: read a whole file, read and write it some rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metagnn.errors import TableError

# The command line lists the formats before it needs pandas.
if TYPE_CHECKING:
    import pandas as pd

LABELS = (
    *("sample", "status", "name", "label", "id", "strain", "organism", "species", "condition", "replicate", "batch"),
    *("group", "experiment", "medium", "source", "reference", "doi", "note", "notes", "comment", "comments", "remarks"),
)
"""Columns that describe a row; they may hold text, and no flux is read from them."""

MOST_CELLS = 1 << 26
"""Cells of a table that is read whole: half a gigabyte of numbers, which reading holds twice."""

TEXT_COLUMNS = (*LABELS, "knockout")
"""Columns that may hold text, in any case; every other one holds numbers."""


def is_label(name: object) -> bool:
    """Whether a column describes a row and holds no flux."""
    return isinstance(name, str) and name.strip().lower() in LABELS


def is_text(name: object) -> bool:
    """Whether a column may hold text."""
    return isinstance(name, str) and name.strip().lower() in TEXT_COLUMNS


def clean_name(name: str) -> str:
    """A name without the white space around it, and in lower case if it is that of a text column.

    >>> clean_name(" Sample "), clean_name("EX_o2_e ")
    ('sample', 'EX_o2_e')
    """
    stripped = name.strip()
    return stripped.lower() if is_text(stripped) else stripped


@dataclass(frozen=True, eq=False)
class OpenTable:
    """A table that is being read.

    Attributes:
        chunks: Its rows, some at a time; cells as the format holds them.
        form: What it is, in words.
        decimal: Decimal sign of numbers that are still text.
        line: Finds the line of a row of the file, both for a message; None if the format has no lines.
        how: What else there is to say of how it was read.
        usual: Whether the form alone needs no mention.
    """

    chunks: Iterator[pd.DataFrame]
    form: str
    decimal: str = "."
    line: Callable[[int], int] | None = None
    how: tuple[str, ...] = ()
    usual: bool = True


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
        written: Whether its files are written too, and not only read.
        grows: Whether rows can be appended to a finished file.
    """

    ending: str
    name: str
    written: bool = True
    grows: bool = False

    @abstractmethod
    def open_table(self, path: Path, rows: int | None = None) -> OpenTable:
        """Open a file to be read: whole, or some rows at a time.

        Raises:
            TableError: The file is damaged, names a column twice or not at all, or a package is missing; some of it
                not before the rows are read.
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


def check_cells(rows: int, columns: int, path: Path) -> None:
    """Raise if a table has too many cells to be read whole; called before any is read.

    Raises:
        TableError: Naming the sizes.
    """
    if rows * columns > MOST_CELLS:
        raise TableError(
            f"'{path}' has {rows} rows of {columns} columns; expected at most {MOST_CELLS} cells: split the table"
        )


def check_names(names: Iterable[str], path: Path) -> None:
    """Raise unless every column has a name of its own; white space around it does not count.

    Raises:
        TableError: Naming the column.
    """
    seen: set[str] = set()
    for position, name in enumerate(map(clean_name, names)):
        if not name:
            raise TableError(f"'{path}': column {position + 1} has no name (an index? write the table without it)")
        if name in seen:
            raise TableError(f"'{path}': column {name!r} appears more than once")
        seen.add(name)
