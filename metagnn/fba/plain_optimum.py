"""FBA: one flux of largest growth, and the same one whatever was solved before."""

from __future__ import annotations

from typing import Any

import numpy as np

from metagnn.fba.least_norm import held_by_dual
from metagnn.optimize.critical_regions import CriticalRegion, Learned, basis_region
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.optimize.per_thread import PerThread
from metagnn.optimize.repeatable_optima import AbstractRepeatableOptima

ACCEPTED = 1e-10
"""Largest violation of a bound at which a basis serves another medium [mmol/gDW/h]."""

STRONG = 1e5
"""Weight of the objective beside the costs that choose among its optima, which are about one. The costs are then
smaller than the reduced costs of growth and cost none; a check of these proves it for every optimum."""

UNCLEAR = 1e-7
"""A smaller reduced cost may hide a second optimum from the solver, whose tolerance is 1e-9."""

WRONG = 1e-9
"""A reduced cost of growth is wrong above this."""


class PlainOptimum(AbstractRepeatableOptima):
    """FBA: a flux with the largest objective (Orth et al. 2010, doi 10.1038/nbt.1614).

    It is seldom unique. Small fixed costs choose one: the first in the order of the objective and these costs, a
    vertex. A basis is optimal for every medium that keeps it feasible; applying it costs one product of matrices.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        objective: c, shape `[reactions]`.
        varying: Columns whose bounds differ between media. Others may differ too, but one basis then serves only media
            with the same bounds there.
        bounds: Lower and upper bounds without a medium, each of shape `[reactions]`; which ones are infinite decides
            which costs keep the optimum finite.
    """

    def __init__(
        self, matrix: Any, objective: np.ndarray, varying: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
    ) -> None:
        super().__init__(matrix, np.ones(len(objective)), varying)
        costs = tie_costs(*bounds)
        self._objective, self._varying = objective, varying
        self._known: PerThread[list[list[CriticalRegion]]] = PerThread(list)
        self._both = LinearProgram(matrix, STRONG * objective - costs)
        # From an anchor the vertex is one without the costs.
        self._first, self._second = LinearProgram(matrix, objective), LinearProgram(matrix, -costs)

    def anchor(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """See `AbstractRepeatableOptima.anchor`."""
        super().anchor(lower, upper)
        self._typical = lower, upper

    def fixed_regions(self) -> list[CriticalRegion]:
        """Return the regions of typical media, learned once per thread."""
        known = self._known.get()
        if not known:
            regions: list[CriticalRegion] = []
            for low, high in zip(*self._typical, strict=True):
                row = low[None], high[None], np.zeros(1, dtype=np.int64)
                if any(region.same_optima(*row)[0][0] for region in regions):
                    continue
                found = self._first.solve(low, high)
                if found.status == OPTIMAL:
                    regions.append(basis_region(self._first, found, (low, high), self._varying, ACCEPTED))
            known.append(regions)
        return known[0]

    def restart(self) -> None:
        """Forget the last optimum."""
        self._both.restart()

    def solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        """Return the status and the flux of one medium, and if asked its region."""
        if self.is_anchored:
            first = self._first.solve(lower, upper)
            return first.status, first.values, None
        found = self._both.solve(lower, upper)
        if found.status == INFEASIBLE:
            return found.status, found.values, None
        if found.status == OPTIMAL:
            d = self._both.other_reduced_costs(self._objective)
            wrong = (np.where(d > 0, upper - found.values, found.values - lower) > 1e-9) & (np.abs(d) > WRONG)
            could_move = self._both.held_columns() & (lower < upper) & ~(np.isinf(lower) & np.isinf(upper))
            if not (wrong | (could_move & (np.abs(found.reduced_costs) < UNCLEAR))).any():
                region = None
                if learn:
                    region = basis_region(self._both, found, (lower, upper), self._varying, ACCEPTED)
                return OPTIMAL, found.values, region
        return self._in_turn(lower, upper)

    def _in_turn(self, lower: np.ndarray, upper: np.ndarray) -> Learned:
        """Maximise the objective, then minimise the costs on its face: slower, but right for every objective."""
        self._first.restart()
        self._second.restart()
        first = self._first.solve(lower, upper)
        if first.status != OPTIMAL:
            return first.status, first.values, None
        at_lower, at_upper = held_by_dual(first)
        low, high = np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
        second = self._second.solve(low, high)
        return OPTIMAL, second.values if second.status == OPTIMAL else first.values, None


def tie_costs(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Return costs that no flux within such bounds can lower without end, from the bounds alone, shape `[columns]`.

    No cost is a multiple of another, so that seldom two vertices cost the same. Columns without any bound have none.
    """
    size = np.random.default_rng(0).uniform(1.0, 2.0, len(lower))
    sign = np.where(np.isinf(upper), np.where(np.isinf(lower), 0.0, 1.0), np.where(np.isinf(lower), -1.0, 1.0))
    sign = np.where(np.isfinite(lower) & (upper <= 0), -1.0, sign)
    # Weak where both directions are open, or all nutrients would be taken up for their own sake.
    crossing = (lower < 0) & (upper > 0)
    return sign * size * np.where(crossing, 0.1, 1.0)
