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
from metagnn.files.table_format import AbstractRowWriter, AbstractTableFormat, OpenTable, is_text
from metagnn.files.table_head import TableHead, is_blank, read_head

if TYPE_CHECKING:
    import pandas as pd

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
        with warnings.catch_warnings():
            # On styles and extensions, which no value depends on.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=values)
            try:
                return [(sheet.title, _rows(sheet)) for sheet in book.worksheets]
            finally:
                book.close()
    except (KeyError, ValueError, TypeError, OSError, EOFError, SyntaxError, zipfile.BadZipFile) as error:
        reason = str(error).strip().partition("\n")[0][:160]
        raise TableError(f"'{path}' cannot be read as an Excel workbook: {reason}") from error


def _rows(sheet: Any) -> list[Row]:
    """Rows from the first to the last that hold anything; None in every empty cell."""
    rows: list[Row] = []
    filled = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        row = [None if is_blank(cell) else cell for cell in cells]
        if any(cell is not None for cell in row):
            rows.append((number, row))
            filled = len(rows)
        elif rows:
            rows.append((number, row))
    rows = rows[:filled]
    width = max((position + 1 for _, row in rows for position, cell in enumerate(row) if cell is not None), default=0)
    return [(number, [*row, *[None] * width][:width]) for number, row in rows]


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
