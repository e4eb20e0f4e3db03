"""Minimum-norm FBA: the unique flux of least Euclidean norm among those of largest growth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from metagnn.optimize.critical_regions import CriticalRegion, CriticalRegions, Learned
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram
from metagnn.optimize.quadratic_program import QuadraticProgram, QuadraticSolution

REDUCED_COST = 1e-8
"""Smaller reduced costs count as zero; in e_coli_core and iJO1366 they are above 1e-5 or exactly zero."""

ACCEPTED = 1e-9
"""Largest violation of a bound or sign at which a region serves another medium [mmol/gDW/h]."""


class LeastNorm:
    """Minimum-norm FBA of many media; each result is exact to round-off and independent of the others.

    Fixing growth at its optimum leaves an interior-point solver no interior. Instead, by complementary slackness with
    any optimal dual, the optima are exactly the fluxes with S v = 0, within bounds, that sit at their bound wherever
    the reduced cost is not zero. Those columns are fixed; the rest is a projection onto that face. The affine map of
    its active bounds is kept and tried first on every other medium: if the result respects all bounds and all signs of
    multipliers, it is the optimum there too.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        objective: c, shape `[reactions]`; c·v is maximised first.
        varying: Columns whose bounds differ between media by any amount. A knockout may close others in some media; a
            region then serves media with the same bounds in the columns it holds at a bound.
        weights: Weight ≥ 0 of the square of every column in the norm, shape `[reactions]`; ones by default.
        pinned: Columns whose two bounds are equal in every medium, boolean, shape `[reactions]`; knowing them lets one
            region serve more media.
    """

    def __init__(
        self,
        matrix: Any,
        objective: np.ndarray,
        varying: np.ndarray,
        weights: np.ndarray | None = None,
        pinned: np.ndarray | None = None,
    ) -> None:
        self._matrix = matrix
        self._transposed = matrix.T.tocsr()
        self._absolute = abs(self._transposed)
        self._linear = LinearProgram(matrix, objective)
        self._quadratic = QuadraticProgram(matrix, weights)
        self._varying = varying
        self._pinned = np.zeros(len(objective), dtype=bool) if pinned is None else pinned
        self._regions = CriticalRegions()

    def solve(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Return fluxes, shape `[samples, reactions]`, NaN unless the status is "optimal", and the statuses.

        Args:
            lower: Lower bounds, shape `[samples, reactions]` [mmol/gDW/h].
            upper: Upper bounds, shape `[samples, reactions]` [mmol/gDW/h].
            progress: Called with the number of media decided so far.
        """
        return self._regions.solve(lower, upper, self._solve_one, progress)

    def _solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        linear = self._linear.solve(lower, upper)
        if linear.status != OPTIMAL:
            return linear.status, linear.values, None
        low, high = lower.copy(), upper.copy()
        at_lower, at_upper = linear.reduced_costs < -REDUCED_COST, linear.reduced_costs > REDUCED_COST
        high[at_lower], low[at_upper] = lower[at_lower], upper[at_upper]
        nearest = self._quadratic.solve(np.zeros(len(lower)), low, high)
        if nearest.status != OPTIMAL:
            return f"failed: optimal face {nearest.status.removeprefix('failed: ')}", nearest.values, None
        # Columns fixed by the dual keep their side whatever the sign of their multiplier.
        side = np.where(at_lower, -1, np.where(at_upper, 1, nearest.side)).astype(np.int8)
        fixed_by_dual = at_lower | at_upper
        region = self._region(nearest, side, fixed_by_dual, lower, upper) if learn else None
        return OPTIMAL, nearest.values, region

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
        signs = slopes - (self._transposed @ row_slopes).T
        # Ignore the sign where both bounds are equal in every medium, but not where another medium opens them.
        free_sign = fixed | self._pinned | (side == 0)
        signs[:, free_sign] = 0.0
        noise = 1e-11 * (1.0 + self._absolute @ np.abs(nearest.multipliers))
        bounds = np.where(side < 0, lower, upper)
        start = np.where(free_sign, 0.0, nearest.bound_multipliers)
        return CriticalRegion(bounds, nearest.values, side, held, slopes, ACCEPTED, start, signs, noise)
