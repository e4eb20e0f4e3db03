"""Sizes that a measurement can have: their squares must not overflow, nor drown what else was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.errors import TableError

LARGEST = 1e6
"""Largest size of a rate and of its deviation [mmol/gDW/h]: a thousand times what any cell exchanges."""

LARGEST_CELL = 1e15
"""Largest number in a cell, in any unit."""


def require_plausible_rates(
    samples: Sequence[str], names: Sequence[str], rates: np.ndarray, deviations: np.ndarray
) -> None:
    """Check rates in the units of the network, shape `[samples, names]` [mmol/gDW/h]; NaN where not measured.

    Raises:
        TableError: A rate or its deviation is too large.
    """
    for row, at in np.argwhere((np.abs(rates) > LARGEST) | (deviations > LARGEST))[:1]:
        raise TableError(
            f"sample {samples[row]!r}: the rate of {names[at]!r} is {rates[row, at]:g} ± {deviations[row, at]:g} "
            f"mmol/gDW/h; expected at most {LARGEST:g}: is its unit right?"
        )


def require_plausible_cells(header: str, columns: Sequence[str], cells: np.ndarray, before: int) -> None:
    """Check the cells of a quantity, in any unit, shape `[rows, columns]`; NaN where empty.

    Args:
        header: The quantity, as its header names it.
        columns: Its columns.
        cells: Their numbers.
        before: Number of rows that were read before these.

    Raises:
        TableError: A cell is infinite or too large.
    """
    if np.isinf(cells).any():
        raise TableError(f"column {header!r} holds an infinite value; expected numbers or empty cells")
    for row, at in np.argwhere(np.abs(cells) > LARGEST_CELL)[:1]:
        raise TableError(
            f"column {columns[at]!r}, row {before + row}: {cells[row, at]:g} is no measurement; "
            f"expected at most {LARGEST_CELL:g}"
        )
