"""The one parser of tables: numbers and knockouts; a cell that cannot be read is named by column and row."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError
from metagnn.network.knockout import KNOCKOUT, Knockouts, no_knockouts, read_knockouts
from metagnn.network.metabolic_network import MetabolicNetwork


def numeric_values(table: pd.DataFrame, first_row: int = 0) -> np.ndarray:
    """The table as float64, shape `[rows, columns]`; an empty cell becomes NaN.

    Args:
        table: Columns of numbers.
        first_row: Position of the first row in the whole table, for messages.

    Raises:
        TableError: A cell that is no number, naming its column and row.
    """
    values = np.empty(table.shape)
    for position in range(table.shape[1]):
        values[:, position] = parse_column(table.iloc[:, position], first_row)
    return values


def parse_column(column: pd.Series, first_row: int = 0) -> np.ndarray:
    """Read a column as float64; of a file and of a DataFrame alike.

    A missing cell becomes NaN, True and False become 1 and 0, and text that writes a number becomes that number.

    Args:
        column: The column; its name is quoted in messages.
        first_row: Position of its first row in the whole table, for messages.

    Raises:
        TableError: A cell that is no number, naming its column and row.
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.empty(len(column))
    for row, (cell, missing) in enumerate(zip(column, column.isna(), strict=True)):
        number = np.nan if missing else _parse_cell(cell)
        if number is None:
            name, text = str(column.name), str(cell)[:60]
            raise TableError(f"column {name!r}, row {first_row + row}: {text!r} is no number")
        values[row] = number
    return values


def _parse_cell(cell: object) -> float | None:
    """The number in a cell, or None."""
    if isinstance(cell, str) and "_" in cell:
        # Python reads 1_000; nobody writes that in a table.
        return None
    if not isinstance(cell, (str, bool, int, float, np.bool_, np.integer, np.floating, Decimal)):
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    return None if isinstance(cell, str) and np.isnan(number) else number


def table_knockouts(network: MetabolicNetwork, table: pd.DataFrame) -> Knockouts:
    """Read the column `knockout` of a table; an empty cell, or a table without the column, is the wild type.

    Raises:
        TableError: Two such columns, or an id that is neither a reaction nor a gene.
    """
    columns = [position for position, name in enumerate(table.columns) if name == KNOCKOUT]
    if len(columns) > 1:
        raise TableError(f"column {KNOCKOUT!r} appears more than once; expected it at most once")
    if not columns:
        return no_knockouts(len(table))
    column = table.iloc[:, columns[0]]
    texts = ["" if gone else str(cell) for cell, gone in zip(column, column.isna(), strict=True)]
    return read_knockouts(network, texts)


def require_rows(table: object, name: str) -> pd.DataFrame:
    """Check that a table is a DataFrame with at least one row and one column, and return it.

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
    return table
