"""Least norm from a feasible point by an active-set method, which needs no interior and ends at the optimum."""

from __future__ import annotations

from typing import Any

import numpy as np

from metagnn.optimize.active_set import ActiveSet

MOST_STEPS = 3000
"""Steps after which the search gives up."""

AT_BOUND = 1e-9
"""A column this close to a bound starts at it."""


def descend(
    matrix: Any, weights: np.ndarray, start: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray | None:
    """Return the point of least norm with A v = A·start and lower ≤ v ≤ upper; None if the steps run out.

    Every step solves the equations of the held columns and goes towards their optimum until a bound is met. There, the
    column with the most wrong multiplier is released (Nocedal & Wright 2006, algorithm 16.3); the first one after a
    step of no length, so that it cannot cycle. Slow (a factor a step): for problems on which faster methods fail.

    Args:
        matrix: A, shape `[rows, columns]`, scipy CSC.
        weights: Weight ≥ 0 of the square of every column, shape `[columns]`.
        start: A point within the bounds, up to the tolerance of a solver.
        lower: Lower bounds, shape `[columns]`.
        upper: Upper bounds, shape `[columns]`.
    """
    fixed = lower == upper
    side = np.where(start - lower <= AT_BOUND, -1, np.where(upper - start <= AT_BOUND, 1, 0)).astype(np.int8)
    values = np.where(side < 0, lower, np.where(side > 0, upper, start))
    multipliers, stalled = np.zeros(matrix.shape[0]), False
    absolute = abs(matrix).T.tocsr()
    for _ in range(MOST_STEPS):
        equations = ActiveSet(matrix, weights, side == 0)
        free = equations.free
        held = np.where(side == 0, 0.0, values)
        goal, multipliers, _ = equations.solve(np.zeros(len(free)), -(matrix @ held), multipliers)
        step = goal - values[free]
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, upper[free] - values[free], lower[free] - values[free])
            length = np.where(np.abs(step) > 1e-13 * (1.0 + np.abs(goal)), np.maximum(room / step, 0.0), np.inf)
        blocking = int(np.argmin(length)) if len(free) else -1
        if blocking >= 0 and length[blocking] < 1.0:
            stalled = length[blocking] == 0.0
            values[free] += length[blocking] * step
            column = free[blocking]
            side[column] = 1 if step[blocking] > 0 else -1
            values[column] = upper[column] if step[blocking] > 0 else lower[column]
            continue
        values[free] = goal
        z = weights * values - matrix.T @ multipliers
        noise = 1e-12 * (1.0 + weights * np.abs(values) + absolute @ np.abs(multipliers))
        wrong = np.where((side != 0) & ~fixed, side * z, 0.0) - noise
        if not (wrong > 0).any():
            return values
        side[int(np.argmax(wrong > 0)) if stalled else int(np.argmax(wrong))] = 0
    return None
