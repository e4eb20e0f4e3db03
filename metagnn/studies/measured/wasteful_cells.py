"""Cells that are not optimal by flux balance analysis: they waste energy, repress, and pay for their enzymes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
import scipy.sparse

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

PREFERRED = "EX_glc__D_e"
MAINTENANCE, FUTILE = "ATPM", "FBP"

SUBSTRATES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {PREFERRED: (1.0, 6.0), "EX_ac_e": (0.0, 6.0), "EX_lac__D_e": (0.0, 6.0), "EX_glu__L_e": (0.0, 3.0)}
)
"""Largest uptakes that cells are offered, from and to [mmol/gDW/h]."""

RICHER: Mapping[str, tuple[float, float]] = MappingProxyType({**SUBSTRATES, PREFERRED: (6.0, 9.0)})
"""The same with more glucose than any training sample has."""

SHARE_PRESENT = 0.5
"""Share of the samples that are offered a substrate other than glucose."""

PIN = 1e-9
"""Share of its growth that a cell may lose when the cheapest of its optimal fluxes is sought."""


@dataclass(frozen=True)
class CellLaws:
    """What these cells do beside growing.

    Attributes:
        maintenance: ATP that every cell spends [mmol/gDW/h]; the network asks for more.
        waste: Most ATP that a cell wastes per carbon offered, drawn for every cell from zero to this.
        futile: Most flux of the futile cycle per glucose offered, drawn likewise.
        repression: How strongly glucose lowers other uptakes: to 1 / (1 + repression × glucose) of what is offered
            [1/(mmol/gDW/h)].
        budget: Largest Σ cost·|v| of the reactions inside the cell.
        spread: Standard deviation of the logarithm of the costs.
        organism: Seed of the costs, which all samples share.
    """

    maintenance: float = 4.0
    waste: float = 0.4
    futile: float = 0.1
    repression: float = 0.3
    budget: float = 380.0
    spread: float = 0.7
    organism: int = 7


@dataclass(frozen=True, eq=False)
class WastefulCells:
    """Samples of these cells, one row each.

    Attributes:
        uptakes: What they are offered: largest uptakes [mmol/gDW/h].
        fluxes: Every flux [mmol/gDW/h].
    """

    uptakes: pd.DataFrame
    fluxes: pd.DataFrame


@dataclass(frozen=True, eq=False)
class CellModel:
    """Solves the laws of these cells on a network with ATP maintenance and the futile cycle PFK–FBP.

    Attributes:
        network: The network.
        laws: What the cells do.
    """

    network: MetabolicNetwork
    laws: CellLaws = field(default_factory=CellLaws)

    def costs(self) -> np.ndarray:
        """Return the cost of a unit of every flux, shape `[reactions]`; exchanges and growth cost nothing."""
        network = self.network
        costs = np.random.default_rng(self.laws.organism).lognormal(0.0, self.laws.spread, len(network.reactions))
        costs[[*network.exchange_indices, network.reaction_index(network.growth_reaction)]] = 0.0
        return costs

    def draw(self, ranges: Mapping[str, tuple[float, float]], count: int, seed: int) -> WastefulCells:
        """Draw media and cells, and return those that can live.

        Args:
            ranges: Largest uptakes that are offered, from and to [mmol/gDW/h].
            count: Number of cells to return.
            seed: Seed of the draw.
        """
        rng, program = np.random.default_rng(seed), self._program()
        uptakes: list[np.ndarray] = []
        fluxes: list[np.ndarray] = []
        while len(fluxes) < count:
            offered = np.array([rng.uniform(*ends) for ends in ranges.values()])
            others = np.array([name != PREFERRED for name in ranges])
            offered[others & (rng.random(len(offered)) > SHARE_PRESENT)] = 0.0
            found = self._live(program, list(ranges), offered, rng)
            if found is not None:
                uptakes.append(offered)
                fluxes.append(found)
        return WastefulCells(
            pd.DataFrame(uptakes, columns=list(ranges)), pd.DataFrame(fluxes, columns=list(self.network.reactions))
        )

    def _program(self) -> LinearProgram:
        """Return the program in forward and backward fluxes with the budget as its last row, of growth."""
        S, costs = self.network.stoichiometry.to_scipy(), self.costs()[None, :]
        matrix = scipy.sparse.block_array([[S, -S], [costs, costs]], format="csc")
        objective = np.zeros(matrix.shape[1])
        objective[self.network.reaction_index(self.network.growth_reaction)] = 1.0
        low = np.zeros(matrix.shape[0])
        high = low.copy()
        low[-1], high[-1] = -np.inf, self.laws.budget
        return LinearProgram(matrix, objective, row_lower=low, row_upper=high)

    def _live(
        self, program: LinearProgram, names: list[str], offered: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray | None:
        """Return the fluxes of one cell: of those with the most growth the cheapest; None if it cannot live."""
        network, laws = self.network, self.laws
        preferred = names.index(PREFERRED)
        taken = offered / (1.0 + laws.repression * offered[preferred] * (np.arange(len(offered)) != preferred))
        lower, upper = (bound[0].copy() for bound in network.uptake_bounds(names, taken[None, :]))
        waste = rng.uniform(0, laws.waste) * self._carbon(names, offered)
        lower[network.reaction_index(MAINTENANCE)] = laws.maintenance + waste
        lower[network.reaction_index(FUTILE)] = rng.uniform(0, laws.futile) * offered[preferred]
        low = np.concatenate([np.maximum(lower, 0.0), np.maximum(-upper, 0.0)])
        high = np.concatenate([np.maximum(upper, 0.0), np.maximum(-lower, 0.0)])
        best = program.solve(low, high)
        if best.status != OPTIMAL or best.objective < 1e-3:
            return None
        low[network.reaction_index(network.growth_reaction)] = (1.0 - PIN) * best.objective
        cheapest = program.solve(low, high, -np.tile(self.costs(), 2))
        return (
            None
            if cheapest.status != OPTIMAL
            else np.asarray(cheapest.values[: len(lower)] - cheapest.values[len(lower) :])
        )

    def _carbon(self, names: list[str], offered: np.ndarray) -> float:
        carbon = self.network.element_balance("C").to_dense()[0].numpy()
        return float(offered @ np.abs([carbon[self.network.reaction_index(name)] for name in names]))
