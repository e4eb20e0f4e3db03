"""The flux of least norm among the optima of linear programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from metagnn.optimize.critical_regions import CriticalRegion, Learned
from metagnn.optimize.exact_least_norm import exact_least_norm
from metagnn.optimize.linear_program import OPTIMAL
from metagnn.optimize.quadratic_program import QuadraticProgram, QuadraticSolution

ACCEPTED = 1e-10
"""Largest violation of a bound or sign at which a region serves another medium [mmol/gDW/h]."""


WIDER = 1e-6, 1e-7, 1e-8
"""Amounts by which bounds are widened in turn, where the bounds as they are fail [mmol/gDW/h]."""


class NearestInFace:
    """The point of least norm of a face, which linear programs give by the columns that they hold at a bound.

    Args:
        matrix: A, shape `[rows, columns]`, scipy CSC.
        varying: Columns whose bounds differ between media by any amount.
        weights: Weight ≥ 0 of the square of every column in the norm, shape `[columns]`.
        pinned: Columns whose two bounds are equal in every medium, boolean, shape `[columns]`.
    """

    def __init__(self, matrix: Any, varying: np.ndarray, weights: np.ndarray, pinned: np.ndarray) -> None:
        self._matrix, self._varying, self._weights, self._pinned = matrix, varying, weights, pinned
        self._transposed = matrix.T.tocsr()
        self._absolute = abs(self._transposed)
        self._quadratic = QuadraticProgram(matrix, weights)

    def solve(
        self,
        bounds: tuple[np.ndarray, np.ndarray],
        fixed: tuple[np.ndarray, np.ndarray],
        vertex: np.ndarray,
        learn: bool,
        few: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Learned:
        """Return the status, the point, and if asked its region.

        Args:
            bounds: Lower and upper bounds, each of shape `[columns]`.
            fixed: Columns that every point of the face has at its lower and at its upper bound, boolean.
            vertex: Some point of the face.
            learn: Whether to return the region.
            few: Columns that differ between points of the face, if they are known to be few, and columns outside the
                basis of the vertex, both boolean.
        """
        lower, upper = bounds
        at_lower, at_upper = fixed
        low, high = np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
        if few is not None:
            values, side = self._among_few(vertex, few, low, high)
            if values is not None and not learn:
                return OPTIMAL, values, None
            found = self._quadratic.solve_from(side, np.zeros(len(low)), low, high) or self._any(low, high)
        else:
            found = self._any(low, high)
        if found.status != OPTIMAL:
            exact = None if few is None else self.among(low, high, exact=True)
            if exact is not None:
                return OPTIMAL, exact, None
            return f"failed: optimal face {found.status.removeprefix('failed: ')}", found.values, None
        # Columns fixed by the dual keep their side whatever the sign of their multiplier.
        side = np.where(at_lower, -1, np.where(at_upper, 1, found.side)).astype(np.int8)
        return OPTIMAL, found.values, self._region(found, side, at_lower | at_upper, lower, upper) if learn else None

    def among(self, low: np.ndarray, high: np.ndarray, exact: bool) -> np.ndarray | None:
        """Return the point of least norm within bounds; None if the method gives up.

        Args:
            low: Lower bounds, shape `[columns]`.
            high: Upper bounds, the same shape.
            exact: Whether to use extended precision and no interior, which takes up to a minute at genome scale.
        """
        found = self._any(low, high)
        if exact:
            return exact_least_norm(self._matrix, self._weights, low, high, found.side)
        return found.values if found.status == OPTIMAL else None

    def _any(self, low: np.ndarray, high: np.ndarray) -> QuadraticSolution:
        """Return the point of least norm, by slightly wider bounds where those as they are mislead the solver.

        Where pathways are closed, more bounds meet than hold the point, and which of them do is a matter of rounding.
        Wider by different amounts, they no longer meet.
        """
        zeros = np.zeros(len(low))
        found = self._quadratic.solve(zeros, low, high)
        if found.status == OPTIMAL:
            return found
        for by in WIDER:
            guess = self._quadratic.solve(zeros, *_wider(low, high, by))
            if guess.status == OPTIMAL:
                exact = self._quadratic.solve_from(guess.side, zeros, low, high)
                if exact is not None:
                    return exact
        return found

    def _among_few(
        self, vertex: np.ndarray, few: tuple[np.ndarray, np.ndarray], low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """Return the point by a program of the moving columns only, if any, and a guess of the active bounds."""
        moving, held = few
        side = np.where(held | (low == high), np.where(vertex - low <= high - vertex, -1, 1), 0).astype(np.int8)
        if not moving.any():
            return vertex, side
        part = self._matrix[:, moving].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        program = QuadraticProgram(part[rows], self._weights[moving])
        right = -(self._matrix @ np.where(moving, 0.0, vertex))[rows]
        zeros, bounds = np.zeros(part.shape[1]), (low[moving], high[moving])
        guess = program.solve(zeros, *_wider(*bounds, WIDER[0]), right)
        found = program.solve_from(guess.side, zeros, *bounds, right) if guess.status == OPTIMAL else None
        found = found or program.solve(zeros, *bounds, right)
        side[moving] = found.side
        if found.status != OPTIMAL:
            return None, side
        values = vertex.copy()
        values[moving] = found.values
        return values, side

    def _region(
        self, nearest: QuadraticSolution, side: np.ndarray, fixed: np.ndarray, lower: np.ndarray, upper: np.ndarray
    ) -> CriticalRegion | None:
        active_set = nearest.active_set
        if active_set is None:
            return None
        held = self._varying[side[self._varying] != 0]
        columns = self._matrix[:, held].toarray()
        zeros = np.zeros((len(active_set.free), len(held)))
        free_slopes, row_slopes, residual = active_set.solve(zeros, -columns, np.zeros_like(columns))
        if not residual < ACCEPTED:
            # One of the bounds cannot move alone: the region holds this medium only.
            return None
        slopes = np.zeros((len(held), len(lower)))
        slopes[:, active_set.free] = free_slopes.T
        slopes[np.arange(len(held)), held] = 1.0
        signs = self._weights * slopes - (self._transposed @ row_slopes).T
        # Ignore the sign where both bounds are equal in every medium, but not where another medium opens them.
        free_sign = fixed | self._pinned | (side == 0)
        signs[:, free_sign] = 0.0
        noise = 1e-11 * (1.0 + self._absolute @ np.abs(nearest.multipliers))
        bounds = np.where(side < 0, lower, upper)
        start = np.where(free_sign, 0.0, nearest.bound_multipliers)
        return CriticalRegion(bounds, nearest.values, side, held, slopes, ACCEPTED, start, signs, noise)


def _wider(low: np.ndarray, high: np.ndarray, by: float) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds that are wider by different amounts, the same ones in every call."""
    amounts = np.where(low < high, by * np.random.default_rng(0).uniform(1.0, 2.0, len(low)), 0.0)
    return low - amounts, high + amounts
