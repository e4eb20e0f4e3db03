"""Least norm of balanced values within bounds in extended precision: slow, where faster methods fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from metagnn.optimize.dual_active_set import DualActiveSet
from metagnn.optimize.linear_program import OPTIMAL

LIGHT = 1e-9
"""Weight that stands for none, which the method cannot take."""

BALANCED = 1e-9
"""Largest |A v| of values that have no choice."""


def exact_least_norm(
    matrix: Any, weights: np.ndarray, lower: np.ndarray, upper: np.ndarray, side: np.ndarray
) -> np.ndarray | None:
    """Return the values of least norm Σ w v² with A v = 0 and lower ≤ v ≤ upper; None if the method gives up.

    It needs no interior: bounds may meet, in any number. All columns whose bounds are equal become one, pinned at 1.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse.
        weights: w ≥ 0, shape `[columns]`.
        lower: Lower bounds, shape `[columns]`; −inf for none.
        upper: Upper bounds, shape `[columns]`; inf for none.
        side: Guess of the bounds that hold a value: −1 for the lower, 1 for the upper one, 0 for none; the better it
            is, the fewer steps are left.
    """
    open_ = np.flatnonzero(lower < upper)
    values = lower.copy()
    if not len(open_):
        return values if np.abs(matrix @ values).max(initial=0.0) < BALANCED else None
    columns = scipy.sparse.csc_array(matrix)
    part = columns[:, open_].tocsr()
    rows = np.flatnonzero(np.diff(part.indptr))
    held = np.where(lower < upper, 0.0, lower)
    dense = np.zeros((len(rows), len(open_) + 1), dtype=np.longdouble)
    dense[:, :-1] = part[rows].toarray()
    at = np.flatnonzero(held)
    # A product of rows: a sum in double precision would lose what a trace nutrient adds to a large flux.
    dense[:, -1] = columns[:, at].tocsr()[rows].toarray().astype(np.longdouble) @ held[at].astype(np.longdouble)
    pinned = np.append(lower[open_], 1.0), np.append(upper[open_], 1.0)
    mass = np.append(np.where(weights[open_] > 0, weights[open_], LIGHT), 1.0)
    guess = np.append(side[open_], -1)
    found = DualActiveSet(dense, extended=True).solve(np.zeros(len(mass)), *pinned, mass, guess)
    if found.status != OPTIMAL:
        return None
    values[open_] = found.values[:-1]
    return values
