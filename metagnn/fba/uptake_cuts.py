"""Uptake cuts: growth as the least of linear functions of the largest uptakes, from duals of flux balance analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.fba.flux_simulator import USUAL_UPTAKE
from metagnn.fba.label_simulator import LARGEST_UPTAKE
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

TIE = 1e-9
"""Relative difference up to which an uptake counts as what bounds its group of reactions."""

NEGLIGIBLE = 1e-9
"""Price below which an uptake does not limit growth."""


class UptakeCuts:
    """Exact growth of media, with the linear function of the uptakes that is tight there and never below it elsewhere.

    Growth is concave and piecewise linear in the uptakes: the least of all such functions is growth itself. (Cuts of
    an optimal value from duals: Benders 1962, doi 10.1007/BF01386316.) A cell that cannot pay for maintenance has
    growth below zero here, as if it lived on its own mass, so that a fit knows in which direction it starves less.

    Args:
        network: The network.
        names: Exchanges whose uptake varies.

    Raises:
        NetworkError: No growth reaction.
        TableError: A name is no exchange of the network.
    """

    def __init__(self, network: MetabolicNetwork, names: Sequence[str]) -> None:
        growth = network.reaction_index(network.growth_reaction)
        forward = dict(zip(network.exchanges, network.imports_forward.tolist(), strict=True))
        self._network, self._names, self._growth = network, list(names), growth
        at = np.array([network.reaction_index(name) for name in names], dtype=np.int64)
        lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
        lower[at], upper[at], lower[growth] = -np.inf, np.inf, -np.inf
        self._problem = ReducedProblem(network.stoichiometry.to_scipy().tocsc(), growth, (lower, upper))
        coupled = self._problem.coupled
        self._group = coupled.group[at]
        # Flux into the cell per flux of the group; what can carry none limits nothing.
        self._inward = np.where([forward[name] for name in names], 1.0, -1.0) * coupled.ratio[at]
        self._program = LinearProgram(coupled.matrix, self._problem.objective)
        # Results then do not depend on what was solved before.
        low, high = coupled.group_bounds(*self._bounds(np.full((1, len(at)), USUAL_UPTAKE), None))
        self._program.anchor(low[0], high[0])

    def _bounds(self, uptakes: np.ndarray, closed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = self._network.uptake_bounds(self._names, np.minimum(uptakes, LARGEST_UPTAKE))
        lower[:, self._growth] = -np.inf
        if closed is not None:
            lower[closed], upper[closed] = 0.0, 0.0
        return lower, upper

    def solve(self, uptakes: np.ndarray, closed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Solve one linear program a medium.

        Args:
            uptakes: Largest uptakes ≥ 0, shape `[media, exchanges]` [mmol/gDW/h].
            closed: Reactions that are knocked out, boolean, shape `[media, reactions]`.

        Returns:
            Growth, shape `[media]` [1/h], NaN where there is no optimum; slopes, shape `[media, exchanges]`, and
            offsets, shape `[media]`, of the functions that are tight there.
        """
        low, high = self._problem.coupled.group_bounds(*self._bounds(uptakes, closed))
        growth, slopes = np.full(len(uptakes), np.nan), np.zeros(uptakes.shape)
        # Beside a medium that holds the same, an optimum is nearly there.
        for row in np.lexsort((uptakes > 0).T):
            found = self._program.solve(low[row], high[row])
            if found.status == OPTIMAL:
                growth[row] = found.objective
                slopes[row] = self._slopes(uptakes[row], found.reduced_costs, low[row], high[row])
        return growth, slopes, growth - (slopes * uptakes).sum(-1)

    def _slopes(self, uptakes: np.ndarray, prices: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Gain of growth per unit of every uptake: the price of its group where no other member bounds it."""
        slopes = np.zeros(len(uptakes))
        for column in np.flatnonzero(self._inward):
            group, inward = self._group[column], self._inward[column]
            bound = uptakes[column] / inward
            limit = high[group] if inward > 0 else low[group]
            price = max(prices[group], 0.0) if inward > 0 else min(prices[group], 0.0)
            if abs(bound - limit) <= TIE * (1.0 + abs(bound)) and abs(price / inward) > NEGLIGIBLE:
                slopes[column] = price / inward
        return slopes
