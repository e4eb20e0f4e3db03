"""Fix columns by rows with a single open column, until there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Reduced:
    """The rest of A v = b, lower ≤ v ≤ upper after implied values are fixed.

    Attributes:
        values: Values of the fixed columns, zero elsewhere, shape `[columns]`.
        columns: Columns that are still open.
        rows: Rows that still hold an open column.
        implied: Pairs (row, column): the row fixed the column, in this order.
    """

    values: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    implied: tuple[tuple[int, int], ...]


def remove_implied(matrix: Any, row_values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Reduced:
    """Fix every column that the bounds or a row with a single open column determine.

    An interior-point solver needs a strictly feasible point, but a reaction whose only partner is closed has none.
    Costs one sparse product per round, and one round per link of the longest dead-end pathway.

    Args:
        matrix: A, shape `[rows, columns]`, scipy CSR.
        row_values: b, shape `[rows]`.
        lower: Lower bounds, shape `[columns]`.
        upper: Upper bounds, shape `[columns]`.
    """
    pattern = matrix.copy()
    pattern.data = np.ones_like(matrix.data)
    is_open = lower != upper
    values = np.where(is_open, 0.0, lower)
    used = np.zeros(matrix.shape[0], dtype=bool)
    implied: list[tuple[int, int]] = []
    while True:
        count = pattern @ is_open.astype(np.float64)
        single = np.flatnonzero((count == 1) & ~used)
        if not len(single):
            break
        for row in single:
            entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
            columns, coefficients = matrix.indices[entries], matrix.data[entries]
            at = np.flatnonzero(is_open[columns])
            used[row] = True
            if len(at) == 1:
                column = int(columns[at[0]])
                values[column] = (row_values[row] - coefficients @ values[columns]) / coefficients[at[0]]
                is_open[column] = False
                implied.append((int(row), column))
    return Reduced(values, np.flatnonzero(is_open), np.flatnonzero(count > 0), tuple(implied))
