"""Sensitivities of growth in the linear program: shadow prices, reduced costs, and one-sided derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram

AT_BOUND = 1e-9
"""Distance to a bound, relative to 1 + |bound|, at which a flux is held by it."""


@dataclass(frozen=True, eq=False)
class GrowthDuals:
    """The optimum of growth and its sensitivities.

    Attributes:
        status: "optimal", "infeasible", "unbounded", or "failed: " and the reason; all else is NaN unless optimal.
        growth: Largest growth [1/h].
        fluxes: An optimal flux, shape `[reactions]` [mmol/gDW/h].
        shadow_prices: d growth / d net production that is asked of each metabolite, as cobra's: a nutrient's is
            negative, shape `[metabolites]` [gDW/mmol].
        reduced_costs: d growth / d bound at which each flux is held, shape `[reactions]` [gDW/mmol]: positive at an
            upper bound, negative at a lower one. Where the optimum is degenerate, one value of an interval.
    """

    status: str
    growth: float
    fluxes: np.ndarray
    shadow_prices: np.ndarray
    reduced_costs: np.ndarray


class GrowthProgram:
    """Maximise growth for many bounds, and find its sensitivities.

    Args:
        network: The network.

    Raises:
        NetworkError: No growth reaction.
    """

    def __init__(self, network: MetabolicNetwork) -> None:
        matrix = network.stoichiometry.to_scipy()
        objective = np.zeros(len(network.reactions))
        objective[network.reaction_index(network.growth_reaction)] = 1.0
        self._program, self._slopes = LinearProgram(matrix, objective), LinearProgram(matrix, objective)

    def solve(self, lower: np.ndarray, upper: np.ndarray) -> GrowthDuals:
        """Find the optimum for bounds, each of shape `[reactions]` [mmol/gDW/h]."""
        solution = self._program.solve(lower, upper)
        if solution.status != OPTIMAL:
            nothing = np.full(self._program.shape[0], np.nan)
            return GrowthDuals(solution.status, np.nan, solution.values, nothing, solution.reduced_costs)
        prices = self._program.shadow_prices()
        return GrowthDuals(OPTIMAL, solution.objective, solution.values, prices, solution.reduced_costs)

    def slopes(
        self, duals: GrowthDuals, lower: np.ndarray, upper: np.ndarray, index: int, side: str
    ) -> tuple[float, float]:
        """The exact one-sided derivatives of growth by a bound: gain for a wider one, loss for a tighter one.

        Growth is concave and piecewise linear in the bounds. At a kink, where the optimum is degenerate, gain and loss
        differ. Each is a linear program over the directions that leave the optimum within its bounds.

        Args:
            duals: The result of `solve` for these bounds.
            lower: Lower bounds, shape `[reactions]` [mmol/gDW/h].
            upper: Upper bounds.
            index: Position of the reaction.
            side: "lower" or "upper".

        Returns:
            Gain and loss, both ≥ 0 [gDW/mmol]; the loss is infinite where no flux is left.
        """
        # An infinite bound holds nothing.
        held_low = duals.fluxes - lower <= AT_BOUND * (1.0 + np.abs(lower))
        held_high = upper - duals.fluxes <= AT_BOUND * (1.0 + np.abs(upper))
        held_low &= np.isfinite(lower)
        held_high &= np.isfinite(upper)
        if not (held_low if side == "lower" else held_high)[index]:
            return 0.0, 0.0
        found = []
        for outward in (1.0, -1.0):
            least, most = np.where(held_low, 0.0, -np.inf), np.where(held_high, 0.0, np.inf)
            if side == "lower":
                least[index] -= outward
                # If both bounds hold the flux, the other bound moves along; otherwise no flux is left.
                most[index] = max(most[index], least[index]) if lower[index] == upper[index] else most[index]
            else:
                most[index] += outward
                least[index] = min(least[index], most[index]) if lower[index] == upper[index] else least[index]
            solution = self._slopes.solve(least, most)
            if solution.status == OPTIMAL:
                found.append(outward * solution.objective)
            else:
                found.append(np.inf if solution.status == INFEASIBLE else np.nan)
        gain, loss = found
        return max(gain, 0.0), max(loss, 0.0)
