"""Tables as Excel workbooks, through openpyxl."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

from metagnn.errors import TableError
from metagnn.files.data_lines import COMMENT
from metagnn.files.file_kind import check_kind
from metagnn.files.table_format import AbstractRowWriter, AbstractTableFormat, OpenTable, check_cells, is_text
from metagnn.files.table_head import TableHead, is_blank, read_head

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1 << 20
"""Rows that a sheet can have."""

MOST_BYTES = 1 << 27
"""Bytes to which a workbook may unfold: 128 MiB of XML."""

Row = tuple[int, list[Any]]
"""Number of a row in its sheet, from 1, and its cells."""


class Excel(AbstractTableFormat):
    """Excel workbooks (.xlsx): the first sheet that holds anything, with the values that Excel computed last.

    openpyxl is an optional dependency, imported at the first use.
    """

    ending = ".xlsx"
    name = "Excel"
    written = False

    def open_table(self, path: Path, rows: int | None = None) -> OpenTable:
        """Open a workbook; it is read as a whole."""
        openpyxl = _import_openpyxl(path)
        check_kind(path, self.ending)
        sheets = _sheets(openpyxl, path)
        filled = [(title, cells) for title, cells in sheets if cells]
        if not filled:
            raise TableError(f"'{path}' is empty; expected a header and at least one row in some sheet")
        title, cells = filled[0]
        cells = [row for row in cells if not str(row[1][0]).startswith(COMMENT)]
        comments = len(filled[0][1]) - len(cells)
        if not cells:
            raise TableError(f"'{path}', sheet {title!r} holds comments only; expected a header and at least one row")
        head = read_head(path, [row for _, row in cells[:2]])
        body = cells[2 if head.units else 1 :]
        for number, row in body:
            head.check_row(row, path, number)
        _check_formulas(openpyxl, path, title, head, body)
        how = [f"sheet {title!r}"] if len(sheets) > 1 else []
        if len(filled) > 1:
            how = [f"sheet {title!r}, the first of {len(filled)} that hold anything"]
        how += [f"units in row {cells[1][0]}"] if head.units else []
        how += [f"{comments} comment line{'s' * (comments > 1)} left out"] if comments else []
        return OpenTable(_frames(head, body, rows), "an Excel workbook", ".", lambda row: body[row][0], tuple(how))

    def open_writer(self, file: IO[bytes], path: Path) -> AbstractRowWriter:
        """Refused: a workbook keeps 15 digits of a number."""
        raise TableError(f"'{path}': tables are not written as Excel workbooks, which round numbers")


def _sheets(openpyxl: ModuleType, path: Path, values: bool = True) -> list[tuple[str, list[Row]]]:
    """Title and rows of every sheet of cells, without empty rows and without empty cells at the end of a row."""
    try:
        _check_sizes(path)
        with warnings.catch_warnings():
            # On styles and extensions, which no value depends on.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=values)
            try:
                return [(sheet.title, _rows(sheet, path)) for sheet in book.worksheets]
            finally:
                book.close()
    except TableError:
        raise
    # Damage reaches the readers of zip, XML, dates and numbers, and each fails in its own ways.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
        raise TableError(f"'{path}' cannot be read as an Excel workbook: {reason}") from error


def _check_sizes(path: Path) -> None:
    """Raise if the archive unfolds to more than a table may; zipfile reads no more than its directory says."""
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MOST_BYTES:
        raise TableError(f"'{path}' unfolds to {size >> 20} MiB; expected at most {MOST_BYTES >> 20}: save it as .csv")


def _rows(sheet: Any, path: Path) -> list[Row]:
    """Rows from the first to the last that hold anything; None in every empty cell."""
    # What the sheet says of its size may be wrong, and every row would be filled up to it.
    sheet.reset_dimensions()
    rows: list[Row] = []
    filled = width = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MOST_ROWS:
            raise TableError(f"'{path}', sheet {sheet.title!r} has a row {number}; expected at most {MOST_ROWS}")
        row = [None if is_blank(cell) else cell for cell in cells]
        while row and row[-1] is None:
            row.pop()
        if row or rows:
            rows.append((number, row))
        if row:
            filled, width = len(rows), max(width, len(row))
    rows = rows[:filled]
    check_cells(len(rows), width, path)
    return [(number, row + [None] * (width - len(row))) for number, row in rows]


def _frames(head: TableHead, body: Sequence[Row], rows: int | None) -> Iterator[pd.DataFrame]:
    import pandas as pd

    step = rows or max(len(body), 1)
    for start in range(0, len(body), step):
        part = [cells for _, cells in body[start : start + step]]
        columns = {}
        for position, name in enumerate(head.names):
            cells = [row[position] for row in part]
            if is_text(name):
                cells = [cell if cell is None else str(cell) for cell in cells]
            column = pd.Series(cells, dtype=object)
            columns[name] = column if is_text(name) else column.infer_objects()
        yield pd.DataFrame(columns)


def _check_formulas(openpyxl: ModuleType, path: Path, title: str, head: TableHead, body: Sequence[Row]) -> None:
    """Raise if an empty cell holds a formula: its value was never stored, and it must not pass for a missing one."""
    gaps = {number for number, row in body if any(cell is None for cell in row[: len(head.names)])}
    if not gaps:
        return
    formulas = dict(dict(_sheets(openpyxl, path, values=False))[title])
    for number, row in body:
        written = formulas.get(number, []) if number in gaps else []
        for name, value, cell in zip(head.names, row, written, strict=False):
            if value is None and cell is not None:
                raise TableError(
                    f"'{path}', line {number}, column {name!r}: the formula {str(cell)[:40]!r} has no stored value; "
                    "open the workbook in a spreadsheet and save it"
                )


def _import_openpyxl(path: Path) -> ModuleType:
    try:
        import openpyxl
    except ImportError as error:
        raise TableError(f"'{path}' needs Excel support: pip install \"metagnn[excel]\"") from error
    module: ModuleType = openpyxl
    return module
