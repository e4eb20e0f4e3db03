"""Add measurement noise to simulated data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.errors import InputError

RELATIVE_NOISE = 0.05
SMALLEST_STD = 0.01
"""Default standard deviation of a measured rate: 5 %, and at least 0.01 mmol/gDW/h."""


def add_white_noise(table: pd.DataFrame, relative: float | int = 0.05, seed: int = 0) -> pd.DataFrame:
    """Multiply every number by 1 + relative · ε, with ε standard normal and independent.

    Args:
        table: Rates, media or fluxes. Empty cells, zeros and columns of text do not change.
        relative: Standard deviation relative to the value.
        seed: Seed of the draw.

    Returns:
        A new table with the same index and columns.

    Raises:
        InputError: `relative` is negative or not finite.
    """
    if not (np.isfinite(relative) and relative >= 0):
        raise InputError(f"`relative` is {relative}; expected a finite number ≥ 0, such as 0.05 for 5 %")
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]
    # Draw for the whole table, so that a column's noise does not depend on which cells are empty.
    factors = 1.0 + relative * np.random.default_rng(seed).standard_normal((len(table), sum(numeric)))
    noisy = table.copy()
    for draw, position in enumerate(np.flatnonzero(numeric).tolist()):
        column: pd.Series = table.iloc[:, position]
        noisy.isetitem(position, column.to_numpy(dtype=np.float64, na_value=np.nan) * factors[:, draw])
    return noisy
