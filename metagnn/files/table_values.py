"""Numbers and knockouts of a table, with what cannot be read named by column and row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError
from metagnn.network.knockout import KNOCKOUT, Knockouts, no_knockouts, read_knockouts
from metagnn.network.metabolic_network import MetabolicNetwork


def numeric_values(table: pd.DataFrame) -> np.ndarray:
    """The table as float64, shape `[rows, columns]`; an empty cell becomes NaN.

    Raises:
        TableError: Text or anything else that is no number, naming its column and row.
    """
    values = np.empty(table.shape)
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
            values[:, position] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        for row, value in enumerate(column):
            if isinstance(value, (int, float, np.number)):
                values[row, position] = float(value)
            elif value is None or value is pd.NA:
                values[row, position] = np.nan
            else:
                raise TableError(f"column {str(name)!r}, row {row}: {str(value)[:60]!r} is no number")
    return values


def table_knockouts(network: MetabolicNetwork, table: pd.DataFrame) -> Knockouts:
    """What the column `knockout` of a table says; an empty cell, or a table without it, is the wild type.

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
    """The table itself, if it is a DataFrame with at least one row and one column.

    Args:
        table: What the caller was given.
        name: The caller's argument, for the message.

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
