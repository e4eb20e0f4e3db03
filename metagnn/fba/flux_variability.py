"""Flux variability: the smallest and largest possible value of a flux."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.errors import InputError
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, UNBOUNDED, LinearProgram

AT_BOUND = 1e-9
"""A value this close to its bound has reached it [mmol/gDW/h]."""


def flux_ranges(
    program: LinearProgram, lower: np.ndarray, upper: np.ndarray, directions: np.ndarray | Sequence[int]
) -> np.ndarray:
    """Compute the smallest and largest value of columns or of combinations of columns (Mahadevan & Schilling 2003).

    Solves two linear programs for each (doi 10.1016/j.ymben.2003.09.002), starting from the last optimum; skips one if
    an earlier optimum has already reached the column's bound.

    Args:
        program: A program of sense "max" over the balances, with any objective.
        lower: Lower bounds, shape `[columns]` [mmol/gDW/h].
        upper: Upper bounds, shape `[columns]` [mmol/gDW/h].
        directions: Positions of the columns, or combinations of shape `[ranges, columns]`.

    Returns:
        Shape `[ranges, 2]` [mmol/gDW/h]; infinite if unbounded.

    Raises:
        InputError: No flux satisfies the bounds, or the solver failed.
    """
    wanted = np.asarray(directions)
    ranges = np.full((len(wanted), 2), np.nan)
    # A single column cannot exceed its bounds; a combination has none of its own.
    alone = wanted if wanted.ndim == 1 else np.full(len(wanted), -1)
    for side, sign in ((0, -1.0), (1, 1.0)):
        for position, direction in enumerate(wanted):
            if np.isnan(ranges[position, side]):
                combination = direction if wanted.ndim == 2 else np.zeros(len(lower))
                if wanted.ndim == 1:
                    combination[direction] = 1.0
                solution = program.solve(lower, upper, sign * combination)
                if solution.status == INFEASIBLE:
                    raise InputError("no flux satisfies the bounds and the fixed values; expected at least one")
                if solution.status not in (OPTIMAL, UNBOUNDED):
                    raise InputError(f"the solver did not find the range of a flux ({solution.status})")
                optimal = solution.status == OPTIMAL
                ranges[position, side] = combination @ solution.values if optimal else sign * np.inf
                if optimal:
                    _mark_reached(ranges, alone, solution.values, lower, upper)
    return ranges


def _mark_reached(
    ranges: np.ndarray, alone: np.ndarray, values: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> None:
    for side, bound, reached in ((0, lower, values <= lower + AT_BOUND), (1, upper, values >= upper - AT_BOUND)):
        hit = np.flatnonzero((alone >= 0) & reached[alone] & np.isnan(ranges[:, side]))
        ranges[hit, side] = bound[alone[hit]]
