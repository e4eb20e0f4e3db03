"""How a text table is written: its delimiter, its decimal sign, its header and its units, judged by its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metagnn.errors import TableError
from metagnn.files.cell import parse_cell
from metagnn.files.data_lines import DataLines
from metagnn.files.table_format import clean_name, is_text
from metagnn.files.table_head import TableHead, read_head

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
"""Characters between cells, and how they are called."""

MOST_ROWS = 1000
"""Rows by which a dialect is judged; of wide tables fewer fit into the first lines."""

_COMMA = re.compile(r"[+\-−–]?\d*,\d+(e[+\-−–]?\d+)?", re.IGNORECASE)
_POINT = re.compile(r"[+\-−–]?\d*\.\d+(e[+\-−–]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+\-−–]?[1-9]\d{0,2},\d{3}")
_OTHER_GAPS = re.compile(r"\s*\|\s*|\s+")


@dataclass(frozen=True)
class Record:
    """A row of text.

    Attributes:
        number: Its position among all records of the file, counted from 1; an empty line is one, a comment is none.
        line: Its last line in the file, counted from 1.
        cells: Its cells.
    """

    number: int
    line: int
    cells: list[str]


@dataclass(frozen=True)
class TextDialect:
    """How a text table is written.

    Attributes:
        delimiter: Character between the cells.
        decimal: Decimal sign, "." or ",".
        head: Header and units.
        skipped: Records before the first row of data, empty lines included and comments left out.
    """

    delimiter: str
    decimal: str
    head: TableHead
    skipped: int

    @property
    def form(self) -> str:
        """Delimiter and decimal sign in words."""
        return f"{DELIMITERS[self.delimiter]}-separated" + (" with decimal comma" if self.decimal == "," else "")


def find_dialect(path: Path, text: str, whole: bool, delimiters: Sequence[str]) -> TextDialect:
    """Judge how a table is written.

    Nothing is guessed: of two possible readings neither is taken.

    Args:
        path: The file, for messages.
        text: Its first lines.
        whole: Whether they are all; else the last one may be cut.
        delimiters: Characters that may separate its cells.

    Raises:
        TableError: An empty table, a header that names a column twice or not at all, or a delimiter or decimal sign
            that cannot be told.
    """
    lines = DataLines(io.StringIO(text, newline=""))
    next(lines, "")
    if lines.declared and lines.declared not in delimiters:
        raise TableError(
            f"'{path}' declares the delimiter {lines.declared!r}; expected {' or '.join(map(repr, delimiters))}"
        )
    headers = {mark: _records(text, whole, mark, 1) for mark in lines.declared or delimiters}
    splitting = [mark for mark, records in headers.items() if records and len(records[0].cells) > 1]
    readings = {mark: _records(text, whole, mark, MOST_ROWS) for mark in splitting or headers}
    readings = {mark: records for mark, records in readings.items() if records}
    if not readings:
        raise TableError(f"'{path}' is empty; expected a header and at least one row")
    delimiter = _choose(path, readings)
    records = readings[delimiter]
    head = read_head(path, [record.cells for record in records[:2]])
    body = records[2 if head.units else 1 :]
    return TextDialect(delimiter, _decimal(path, head, body), head, (records[1] if head.units else records[0]).number)


def is_empty_line(cells: Sequence[str]) -> bool:
    """Whether a row of text is an empty line, which holds no row of the table."""
    return not cells or (len(cells) == 1 and cells[0] != "" and not cells[0].strip())


def _records(text: str, whole: bool, delimiter: str, most: int) -> list[Record]:
    """The rows of the first lines, from the header on, without empty lines; none if no row can be read."""
    lines = DataLines(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    found: list[Record] = []
    try:
        for number, cells in enumerate(reader, 1):
            blank = is_empty_line(cells) if found else not any(map(str.strip, cells))
            if not blank:
                found.append(Record(number, lines.number, cells))
                if len(found) == most:
                    return found
    except csv.Error:
        # The check of all rows names the line; here the rows before it must do.
        return found
    return found if whole else found[:-1] or found


def _choose(path: Path, readings: dict[str, list[Record]]) -> str:
    """The delimiter under which the header has several cells, and all rows as many."""
    splitting = [mark for mark, records in readings.items() if len(records[0].cells) > 1]
    if len(splitting) > 1:
        splitting = [mark for mark in splitting if _is_regular(readings[mark])] or splitting
    if len(splitting) > 1:
        splitting = [mark for mark in splitting if _holds_numbers(readings[mark])] or splitting
    if len(splitting) > 1:
        ways = " and ".join(f"{DELIMITERS[mark]}s into {len(readings[mark][0].cells)}" for mark in splitting)
        raise TableError(f"'{path}': the delimiter cannot be told: the header splits by {ways}; quote the names")
    if splitting:
        return splitting[0]
    mark, records = next(iter(readings.items()))
    others = [other for other in DELIMITERS if other in records[0].cells[0] and '"' not in records[0].cells[0]]
    if others and mark not in others:
        raise TableError(f"'{path}' is separated by {DELIMITERS[others[0]]}s, not by {DELIMITERS[mark]}s; name it .csv")
    names = _OTHER_GAPS.split(records[0].cells[0].strip())
    for record in records[1:2]:
        cells = _OTHER_GAPS.split(record.cells[0].strip())
        if len(names) > 1 and len(cells) == len(names) and all(parse_cell(cell) is not None for cell in cells):
            known = ", ".join(DELIMITERS.values())
            raise TableError(
                f"'{path}': the delimiter cannot be told from {records[0].cells[0]!r}; expected one of {known}"
            )
    return mark


def _is_regular(records: list[Record]) -> bool:
    width = len(_trimmed(records[0].cells))
    return all(len(record.cells) >= width and not any(map(str.strip, record.cells[width:])) for record in records[1:])


def _holds_numbers(records: list[Record]) -> bool:
    """Whether all cells but labels are numbers with one of the decimal signs, below a row of units or the header."""
    names = [clean_name(name) for name in records[0].cells]
    return any(
        all(
            is_text(name) or parse_cell(cell, decimal) is not None
            for record in records[start:]
            for name, cell in zip(names, record.cells, strict=False)
        )
        for decimal in (".", ",")
        for start in (1, 2)
        if len(records) > start
    )


def _trimmed(cells: list[str]) -> list[str]:
    count = len(cells)
    while count and not cells[count - 1].strip():
        count -= 1
    return cells[:count]


def _decimal(path: Path, head: TableHead, body: list[Record]) -> str:
    """The decimal sign of the first rows."""
    commas, points = [], []
    for record in body:
        for name, cell in zip(head.names, map(str.strip, record.cells), strict=False):
            if is_text(name):
                continue
            if _COMMA.fullmatch(cell):
                commas.append((record.line, name, cell))
            elif _POINT.fullmatch(cell):
                points.append((record.line, name, cell))
    if not commas:
        return "."
    line, name, cell = next((found for found in commas if not _THOUSANDS.fullmatch(found[2])), commas[0])
    where = f"'{path}', line {line}, column {name!r}: {cell!r}"
    if points:
        other = f"line {points[0][0]}, column {points[0][1]!r}: {points[0][2]!r}"
        raise TableError(f"{where} has a comma and {other} a point; expected one decimal sign, and none for thousands")
    if _THOUSANDS.fullmatch(cell):
        point = cell.replace(",", ".")
        raise TableError(f"{where} may be {point} or {cell.replace(',', '')}; write {point} or leave the comma out")
    return ","
