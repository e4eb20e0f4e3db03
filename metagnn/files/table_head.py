"""The head of a table: the names of its columns and, in a row of their own, their units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metagnn.errors import TableError
from metagnn.files.cell import parse_cell
from metagnn.files.table_format import check_names, clean_name, is_text
from metagnn.rate_unit import parse_unit

NO_UNIT = ("", "-", "–", "—")
"""What stands in a row of units where a column has none."""


@dataclass(frozen=True)
class TableHead:
    """Names of columns and units.

    Attributes:
        names: Names, with the unit of a second header row in brackets behind them.
        written: Cells of the header, empty ones at the end included.
        units: Whether a second row holds units.
    """

    names: tuple[str, ...]
    written: int
    units: bool

    def check_row(self, cells: Sequence[object], path: Path, line: int) -> None:
        """Raise unless a row has a cell for every column, and nothing beyond them.

        Raises:
            TableError: Naming the line.
        """
        width = len(self.names)
        if len(cells) == width or (len(cells) > width and all(is_blank(cell) for cell in cells[width:])):
            return
        if width < len(cells) <= self.written:
            raise TableError(f"'{path}', line {line}: column {width + 1} has no name; expected one above its values")
        hint = "; a decimal comma needs quotes or another delimiter" if len(cells) == 2 * width else ""
        raise TableError(f"'{path}', line {line}: {len(cells)} cells; expected {width}, as in the header{hint}")


def read_head(path: Path, rows: Sequence[Sequence[object]]) -> TableHead:
    """Read the names of columns, and their units if the second row holds such.

    Args:
        path: The file, for messages.
        rows: The first row and, if there is one, the second.

    Raises:
        TableError: A column without a name or with the name of another, numbers in place of names, or two units.
    """
    written = len(rows[0])
    names = ["" if is_blank(cell) else clean_name(str(cell)) for cell in rows[0]]
    while len(names) > 1 and not names[-1]:
        names.pop()
    check_names(names, path)
    if all(parse_cell(name) is not None for name in names):
        raise TableError(f"'{path}' begins with numbers, such as {names[0]!r}; expected a header of names, without '#'")
    units = _units(names, rows[1]) if len(rows) > 1 else None
    if units is None:
        return TableHead(tuple(names), written, False)
    named = tuple(_with_unit(path, name, unit) for name, unit in zip(names, units, strict=True))
    return TableHead(named, written, True)


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _units(names: Sequence[str], cells: Sequence[object]) -> list[str] | None:
    """The units in a row; None if it is no row of units."""
    if len(cells) < len(names) or not all(is_blank(cell) for cell in cells[len(names) :]):
        return None
    texts = ["" if is_blank(cell) or is_text(name) else cell for name, cell in zip(names, cells, strict=False)]
    if not all(isinstance(text, str) for text in texts):
        return None
    units = [str(text).strip() for text in texts]
    units = ["" if unit in NO_UNIT else unit for unit in units]
    # One number, and it is a row of data.
    if any(unit and parse_cell(unit) is not None for unit in units) or not any(map(parse_unit, units)):
        return None
    return units


def _with_unit(path: Path, name: str, unit: str) -> str:
    if not unit:
        return name
    bare = unit[1:-1] if unit[:1] + unit[-1:] in ("[]", "()") else unit
    if name.endswith(("]", ")")) and (own := name[:-1].replace("(", "[").rpartition("[")[2]) and parse_unit(own):
        if own.strip() != bare.strip():
            raise TableError(f"'{path}': column {name!r} has the unit {bare!r} in the second row; expected one unit")
        return name
    return f"{name} [{bare}]"
