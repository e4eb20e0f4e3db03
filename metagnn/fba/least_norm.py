"""Minimum-norm FBA: the unique flux of least Euclidean norm among those of largest growth."""

from __future__ import annotations

from typing import Any

import numpy as np

from metagnn.fba.nearest_in_face import NearestInFace
from metagnn.optimize.critical_regions import Learned
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram, LinearSolution
from metagnn.optimize.objective_ceiling import ObjectiveCeiling
from metagnn.optimize.repeatable_optima import AbstractRepeatableOptima

REDUCED_COST = 1e-8
"""Smaller reduced costs count as zero; in e_coli_core and iJO1366 they are above 1e-5 or exactly zero."""

UNCLEAR = 1e-10, 1e-7
"""Reduced costs between these could come out on either side of `REDUCED_COST` from another start."""


class LeastNorm(AbstractRepeatableOptima):
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
        weights = np.ones(len(objective)) if weights is None else weights
        super().__init__(matrix, weights, varying)
        pinned = np.zeros(len(objective), dtype=bool) if pinned is None else pinned
        self._linear = LinearProgram(matrix, objective)
        self._nearest = NearestInFace(matrix, varying, weights, pinned)
        self._ceiling, self._growing = ObjectiveCeiling(objective), objective != 0

    def restart(self) -> None:
        """Forget the last optimum."""
        self._linear.restart()

    def solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        """Return the status and the flux of one medium, and if asked its region."""
        linear, clear = clear_optimum(self._linear, lower, upper)
        if linear.status != OPTIMAL:
            return linear.status, linear.values, None
        self._ceiling.add(linear.reduced_costs)
        fixed = held_by_dual(linear)
        return self._nearest.solve((lower, upper), fixed, linear.values, learn and clear)

    def proven(self, lower: np.ndarray, upper: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return which values have the largest growth, by a proof that does not trust what found them."""
        return self._ceiling.reached(lower, upper, values)

    def solve_again(self, lower: np.ndarray, upper: np.ndarray, exact: bool) -> np.ndarray | None:
        """Return the optimum with growth pinned at its largest value; None if there is none or the method gives up.

        Bounds of a trace that only growth uses hold growth too, but loosely: by as much as solvers let rows miss zero.
        """
        self._linear.restart()
        linear = self._linear.solve(lower, upper)
        if linear.status != OPTIMAL:
            return None
        self._ceiling.add(linear.reduced_costs)
        at_lower, at_upper = held_by_dual(linear)
        low, high = np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
        low[self._growing] = high[self._growing] = linear.values[self._growing]
        return self._nearest.among(low, high, exact)


def clear_optimum(program: LinearProgram, lower: np.ndarray, upper: np.ndarray) -> tuple[LinearSolution, bool]:
    """Return an optimum, and whether its reduced costs are clearly zero or not; if not, it is solved from the start."""
    found = program.solve(lower, upper)
    size = np.abs(found.reduced_costs)
    clear = not np.any((size > UNCLEAR[0]) & (size < UNCLEAR[1]))
    if not clear:
        program.restart()
        found = program.solve(lower, upper)
    return found, clear


def held_by_dual(found: LinearSolution) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns that every optimum of a program of sense "max" has at its lower, and at its upper bound."""
    return found.reduced_costs < -REDUCED_COST, found.reduced_costs > REDUCED_COST
