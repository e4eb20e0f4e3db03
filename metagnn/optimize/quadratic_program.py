"""A convex quadratic program, such as the nearest point of a polytope, solved to round-off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.errors import InputError
from metagnn.optimize.active_set import ActiveSet
from metagnn.optimize.interior_point import InteriorPoint, InteriorSolution
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.optimize.presolve import Reduced, remove_implied

FEASIBLE = 1e-9
"""Ignore smaller violations of a bound, relative to 1 + |bound|."""


@dataclass(frozen=True, eq=False)
class QuadraticSolution:
    """An optimum with the multipliers that prove it.

    Attributes:
        status: "optimal", "infeasible", or "failed: " and the reason.
        values: v, shape `[columns]`; NaN unless optimal.
        multipliers: y of the rows, shape `[rows]`.
        bound_multipliers: z = w v − t − Aᵀy, shape `[columns]`: ≥ 0 at a lower, ≤ 0 at an upper bound.
        side: −1 where v is held at its lower bound, 1 at its upper one, 0 where it is free.
        active_set: The factored equations of this active set; None unless optimal.
    """

    status: str
    values: np.ndarray
    multipliers: np.ndarray
    bound_multipliers: np.ndarray
    side: np.ndarray
    active_set: ActiveSet | None = None


class QuadraticProgram:
    """Quadratic program: minimise ½ vᵀ diag(w) v − t·v subject to A v = b and lower ≤ v ≤ upper.

    An interior-point method (`InteriorPoint`) finds the active bounds. The equations of that active set are then solved
    directly, and bounds are added or dropped until all multipliers have the right sign. The result is exact to
    round-off.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse or dense. Rows may depend on each other.
        weights: w ≥ 0, shape `[columns]`; ones if not given. A column of weight zero should be determined by the
            others, as a slack is.

    Raises:
        InputError: The weights have another shape, or are negative or not finite.

    >>> program = QuadraticProgram([[1.0, 1.0]])
    >>> program.solve(np.array([3.0, 0.0]), np.zeros(2), np.ones(2), row_values=np.ones(1)).values.tolist()
    [1.0, 0.0]
    """

    def __init__(self, matrix: Any, weights: np.ndarray | None = None) -> None:
        self._rows = scipy.sparse.csr_array(matrix, dtype=np.float64)
        self._columns = scipy.sparse.csc_array(self._rows)
        self._absolute = abs(self._columns)
        self.shape = self._rows.shape
        self.weights = np.ones(self.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)
        if self.weights.shape != (self.shape[1],) or not np.all((self.weights >= 0) & np.isfinite(self.weights)):
            raise InputError(f"`weights` must be {self.shape[1]} finite numbers ≥ 0")

    def solve(
        self, target: np.ndarray, lower: np.ndarray, upper: np.ndarray, row_values: np.ndarray | None = None
    ) -> QuadraticSolution:
        """Return the optimum.

        Args:
            target: t, shape `[columns]`; with unit weights the point to approach.
            lower: Lower bounds, shape `[columns]`; −inf where there is none.
            upper: Upper bounds, shape `[columns]`; inf where there is none.
            row_values: b, shape `[rows]`; zero if not given.
        """
        b = np.zeros(self.shape[0]) if row_values is None else np.asarray(row_values, dtype=np.float64)
        if np.any(lower > upper):
            return self._failed(INFEASIBLE)
        reduced = remove_implied(self._rows, b, lower, upper)
        excess = np.maximum(lower - reduced.values, reduced.values - upper)
        excess[reduced.columns] = 0.0
        gap = np.abs(b - self._rows @ reduced.values)
        gap[reduced.rows] = 0.0
        if np.any(excess > 1e-7) or np.any(gap > 1e-7):
            return self._failed(INFEASIBLE)
        status, multipliers, side = self._interior_point(reduced, target, lower, upper, b)
        if status != OPTIMAL:
            return self._failed(status)
        return self._finish(target, (lower, upper), b, side, multipliers) or self._failed("failed: no active set")

    def solve_from(
        self,
        side: np.ndarray,
        target: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        row_values: np.ndarray | None = None,
    ) -> QuadraticSolution | None:
        """Return the optimum, starting from a guess of the active bounds; None if the guess is too far from them.

        Args:
            side: −1 where the lower bound is active, 1 where the upper one is, else 0, shape `[columns]`.
            target: As for `solve`.
            lower: As for `solve`.
            upper: As for `solve`.
            row_values: As for `solve`.
        """
        zeros = np.zeros(self.shape[0])
        return self._finish(target, (lower, upper), zeros if row_values is None else row_values, side, zeros)

    def _failed(self, status: str) -> QuadraticSolution:
        rows, columns = (np.full(size, np.nan) for size in self.shape)
        return QuadraticSolution(status, columns, rows, columns, np.zeros(self.shape[1], dtype=np.int8))

    def _interior_point(
        self, reduced: Reduced, target: np.ndarray, lower: np.ndarray, upper: np.ndarray, b: np.ndarray
    ) -> tuple[str, np.ndarray, np.ndarray]:
        """Return the status, the multipliers of all rows, and the side of every column."""
        values, multipliers = reduced.values.copy(), np.zeros(self.shape[0])
        side = np.zeros(self.shape[1], dtype=np.int8)
        side[lower == upper] = -1
        if len(reduced.columns):
            columns = reduced.columns
            matrix = scipy.sparse.csc_matrix(self._columns[:, columns][reduced.rows])
            right = (b - self._rows @ reduced.values)[reduced.rows]
            bounds = lower[columns], upper[columns]
            status, point = _solve_interior(self.weights[columns], target[columns], matrix, right, bounds)
            if point is None:
                return status, multipliers, side
            side[columns], values[columns] = point.side, point.values
            multipliers[reduced.rows] = point.multipliers
        # Compute the multipliers of the removed rows from stationarity of their columns, last removed first.
        for row, column in reversed(reduced.implied):
            entries = slice(self._columns.indptr[column], self._columns.indptr[column + 1])
            rows, coefficients = self._columns.indices[entries], self._columns.data[entries]
            slack = self.weights[column] * values[column] - target[column] - coefficients @ multipliers[rows]
            multipliers[row] += slack / coefficients[rows == row][0]
        return OPTIMAL, multipliers, side

    def _finish(
        self,
        target: np.ndarray,
        bounds: tuple[np.ndarray, np.ndarray],
        b: np.ndarray,
        side: np.ndarray,
        multipliers: np.ndarray,
    ) -> QuadraticSolution | None:
        """Solve the active set's equations; add and drop bounds until all signs are right."""
        lower, upper = bounds
        fixed = lower == upper
        seen: set[bytes] = set()
        for _ in range(60):
            values = np.where(side < 0, lower, np.where(side > 0, upper, 0.0))
            try:
                active_set = ActiveSet(self._columns, self.weights, side == 0)
            except RuntimeError:
                # Weights of many decades rounded a pivot to zero.
                return None
            free = active_set.free
            solved, y, residual = active_set.solve(target[free], b - self._rows @ values, multipliers)
            values[free] = solved
            z = self.weights * values - target - self._columns.T @ y
            z[free] = 0.0
            noise = 1e-11 * (1.0 + self.weights * np.abs(values) + np.abs(target) + self._absolute.T @ np.abs(y))
            below = np.where(side == 0, lower - values, 0.0)
            above = np.where(side == 0, values - upper, 0.0)
            allowed = FEASIBLE * (1.0 + np.minimum(np.abs(lower), np.abs(upper)))
            wrong = np.where(fixed, 0.0, np.maximum(side * z, 0.0))
            badness = np.where(np.maximum(below, above) > allowed, np.maximum(below, above), 0.0)
            badness = np.maximum(badness, np.where(wrong > noise, wrong, 0.0))
            if not badness.any():
                if residual > 1e-8 * (1.0 + np.abs(values).max(initial=0.0)):
                    return None
                side = np.where(fixed, np.where(z >= 0, -1, 1), side).astype(np.int8)
                return QuadraticSolution(OPTIMAL, values, y, z, side, active_set)
            key = side.tobytes()
            # Moving every wrong bound at once is fast but can cycle; then move only the worst.
            moved = badness > 0 if key not in seen else badness == badness.max()
            seen.add(key)
            new = np.where(below > above, -1, 1)
            side = np.where(moved, np.where(side == 0, new, 0), side).astype(np.int8)
        return None


def _solve_interior(
    weights: np.ndarray, target: np.ndarray, matrix: Any, right: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> tuple[str, InteriorSolution | None]:
    status = INFEASIBLE
    # Without an interior the solver can mistake rounding for a proof of infeasibility. A linear program then decides,
    # and the second attempt ignores such proofs.
    for proof in (1e-4, 1e-14):
        interior = InteriorPoint(matrix, proof)
        point = interior.solve(weights, target, bounds, right)
        if point is not None:
            return OPTIMAL, point
        status = f"failed: {interior.status}"
        feasible = LinearProgram(matrix, np.zeros(len(target)), row_lower=right, row_upper=right).solve(*bounds)
        if feasible.status == INFEASIBLE:
            return INFEASIBLE, None
        if interior.unfinished is not None:
            # Coefficients from 1e-10 to 1e3 (enzymes) stop it short of its tolerance. The bounds it found active are
            # nearly right all the same, and `_finish` proves whatever it makes of them.
            return OPTIMAL, interior.unfinished
    return status, None
