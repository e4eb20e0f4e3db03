"""A table of results for the terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultTable:
    """A table as it is printed: every cell is text.

    Attributes:
        title: Line above the table.
        header: Names of the columns.
        rows: One tuple of cells a row.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
