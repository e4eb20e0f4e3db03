"""FBA: one flux of largest growth, and the same one whatever was solved before."""

from __future__ import annotations

from typing import Any

import numpy as np

from metagnn.fba.least_norm import held_by_dual
from metagnn.optimize.critical_regions import Learned
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.optimize.objective_ceiling import ObjectiveCeiling
from metagnn.optimize.objectives_in_turn import ObjectivesInTurn
from metagnn.optimize.repeatable_optima import AbstractRepeatableOptima

ACCEPTED = 1e-10
"""Largest violation of a bound at which a basis serves another medium [mmol/gDW/h]."""

STRONG = 1e5
"""Weight of the objective beside the costs that choose among its optima, which are about one. The costs are then
smaller than the reduced costs of growth and cost none; a check of these proves it for every optimum."""


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

    learns_when_large = True

    def __init__(
        self, matrix: Any, objective: np.ndarray, varying: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
    ) -> None:
        super().__init__(matrix, np.ones(len(objective)), varying)
        costs = tie_costs(*bounds)
        self._ceiling = ObjectiveCeiling(objective)
        self._both = ObjectivesInTurn(matrix, objective, -costs, STRONG, varying)
        self._first, self._second = LinearProgram(matrix, objective), LinearProgram(matrix, -costs)

    def anchor(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """See `AbstractRepeatableOptima.anchor`."""
        super().anchor(lower, upper)
        if self.is_anchored:
            self._both.program.anchor(lower, upper)

    def restart(self) -> None:
        """Forget the last optimum."""
        self._both.program.restart()

    def solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        """Return the status and the flux of one medium, and if asked its region."""
        status, both = self._both.solve(lower, upper)
        if status == INFEASIBLE:
            return status, np.full(len(lower), np.nan), None
        # A column without any bound has no cost: the least norm decides.
        if both is None or np.any(np.isfinite(lower[both.entering]) | np.isfinite(upper[both.entering])):
            return self._in_turn(lower, upper)
        self._ceiling.add(both.first_costs)
        learned = self._both.region(both, lower, upper, ACCEPTED) if learn else None
        return OPTIMAL, both.found.values, learned

    def proven(self, lower: np.ndarray, upper: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return which values have the largest objective, by a proof that does not trust what found them."""
        return self._ceiling.reached(lower, upper, values)

    def solve_again(self, lower: np.ndarray, upper: np.ndarray, exact: bool) -> np.ndarray | None:
        """Return the optimum by two linear programs in turn; None if there is none."""
        status, values, _ = self._in_turn(lower, upper)
        return values if status == OPTIMAL else None

    def _in_turn(self, lower: np.ndarray, upper: np.ndarray) -> Learned:
        """Maximise the objective, then minimise the costs on its face: slower, but right for every objective."""
        self._first.restart()
        self._second.restart()
        first = self._first.solve(lower, upper)
        if first.status != OPTIMAL:
            return first.status, first.values, None
        self._ceiling.add(first.reduced_costs)
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
