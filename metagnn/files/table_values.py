"""The one parser of tables: numbers and knockouts; a cell that cannot be read is named by column and row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError
from metagnn.files.cell import PROGRAM_GAPS, is_gap, parse_cell, why_no_number
from metagnn.files.table_format import clean_name, is_label, is_text
from metagnn.network.knockout import KNOCKOUT, Knockouts, no_knockouts, read_knockouts
from metagnn.network.metabolic_network import MetabolicNetwork


@dataclass(frozen=True, eq=False)
class ParsedColumn:
    """A column as float64.

    Attributes:
        values: Numbers, NaN for missing ones; complete if `fault` is None.
        fault: Position of the first cell that is no number, and why; None if there is none.
        gaps: Spellings of missing values by people, such as "n.d.".
    """

    values: np.ndarray
    fault: tuple[int, str] | None = None
    gaps: frozenset[str] = frozenset()


def numeric_values(table: pd.DataFrame, first_row: int = 0) -> np.ndarray:
    """The table as float64, shape `[rows, columns]`; a missing cell becomes NaN.

    Args:
        table: Columns of numbers.
        first_row: Position of the first row in the whole table, for messages.

    Raises:
        TableError: A cell that is no number, True and False included, naming its column and row.
    """
    values = np.empty(table.shape)
    for position in range(table.shape[1]):
        column = table.iloc[:, position]
        parsed = parse_column(column)
        if parsed.fault is not None:
            row, why = parsed.fault
            raise TableError(f"column {str(column.name)!r}, row {first_row + row}: {why}")
        values[:, position] = parsed.values
    return values


def parse_column(column: pd.Series, decimal: str = ".") -> ParsedColumn:
    """Read a column as float64; of a file and of a DataFrame alike.

    Args:
        column: The column. Text that writes a number becomes that number.
        decimal: Decimal sign of text, "." or ",".
    """
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column) and not kinds.is_bool_dtype(column):
        return ParsedColumn(column.to_numpy(dtype=np.float64, na_value=np.nan))
    values, gaps = np.empty(len(column)), set()
    for row, (cell, missing) in enumerate(zip(column, column.isna(), strict=True)):
        number = np.nan if missing else parse_cell(cell, decimal)
        if number is None:
            return ParsedColumn(values, (row, why_no_number(cell)))
        if number != number and not missing and cell.strip().lower() not in PROGRAM_GAPS:
            gaps.add(cell.strip())
        values[row] = number
    return ParsedColumn(values, gaps=frozenset(gaps))


def flags_as_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The table with 1 and 0 in columns of True and False, where a number means presence."""
    found = {position: parse_flags(table.iloc[:, position]) for position in range(table.shape[1])}
    changed = {position: flags for position, flags in found.items() if flags is not None}
    if changed:
        table = table.copy()
        for position, flags in changed.items():
            table.isetitem(position, flags)
    return table


def parse_flags(column: pd.Series) -> np.ndarray | None:
    """A column of True, False and gaps as 1, 0 and NaN; None if it holds anything else, or gaps alone."""
    if is_text(column.name) or (isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufcmM"):
        return None
    flags = np.full(len(column), np.nan)
    for row, (cell, missing) in enumerate(zip(column, column.isna(), strict=True)):
        if missing or (isinstance(cell, str) and is_gap(cell)):
            continue
        if str(cell).strip().lower() not in ("true", "false") or not isinstance(cell, (str, bool, np.bool_)):
            return None
        flags[row] = str(cell).strip().lower() == "true"
    return None if np.isnan(flags).all() else flags


def table_knockouts(network: MetabolicNetwork, table: pd.DataFrame) -> Knockouts:
    """Read the column `knockout` of a table; an empty cell, or a table without the column, is the wild type.

    Raises:
        TableError: Two such columns, or an id that is neither a reaction nor a gene.
    """
    columns = [
        place for place, name in enumerate(table.columns) if isinstance(name, str) and clean_name(name) == KNOCKOUT
    ]
    if len(columns) > 1:
        raise TableError(f"column {KNOCKOUT!r} appears more than once; expected it at most once")
    if not columns:
        return no_knockouts(len(table))
    column = table.iloc[:, columns[0]]
    texts = ["" if gone or is_gap(str(cell)) else str(cell) for cell, gone in zip(column, column.isna(), strict=True)]
    return read_knockouts(network, texts)


def with_labels(table: pd.DataFrame, source: pd.DataFrame) -> pd.DataFrame:
    """A table with the labels of another one of the same rows before its own columns."""
    labels = [name for name in source.columns if is_label(name) and clean_name(name) != "status"]
    for position, name in enumerate(labels):
        table.insert(position, clean_name(name), source[name].to_numpy())
    return table


def require_rows(table: object, name: str) -> pd.DataFrame:
    """Check that a table is a DataFrame with at least one row and one column; return it with clean names of columns.

    Args:
        table: The argument of the caller.
        name: Its name, for the message.

    Raises:
        InputError: Something other than a DataFrame.
        TableError: A table without rows or without columns.
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError(f"`{name}` is a {type(table).__name__}; expected a pandas DataFrame")
    if not len(table.columns):
        raise TableError(f"`{name}` has no columns; expected exchange ids, such as 'EX_glc__D_e'")
    if not len(table):
        raise TableError(f"`{name}` has no rows; expected one for every sample")
    names = [clean_name(column) if isinstance(column, str) else column for column in table.columns]
    return table if names == list(table.columns) else table.set_axis(names, axis=1)
