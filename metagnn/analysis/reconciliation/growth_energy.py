"""Growth-associated demand for ATP: how much of it measured rates leave room for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.network.exchange_search import WATER
from metagnn.network.metabolic_network import MetabolicNetwork

GROWING = 0.1
"""Growth, relative to the fastest row, from which a row counts: in others noise divided by growth says nothing."""


@dataclass(frozen=True)
class GrowthEnergy:
    """The hydrolysis of ATP that a growth reaction contains.

    Attributes:
        reaction: Position of the reaction that hydrolyses ATP alone: the maintenance of the network.
        hydrolysis: Its column of S, shape `[metabolites]`.
        amount: How much of it the growth reaction contains [mmol/gDW].
    """

    reaction: int
    hydrolysis: np.ndarray
    amount: float

    def needed_release(self, fluxes: np.ndarray, growth: np.ndarray) -> float:
        """By how much the demand of growth has to fall before maintenance is not negative [mmol/gDW].

        Args:
            fluxes: Maintenance in every row, negative where growth asks for more ATP than the rates can make, shape
                `[samples]` [mmol/gDW/h].
            growth: Growth of every row, the same shape [1/h].
        """
        known = ~np.isnan(fluxes) & (growth > 0)
        known &= growth >= GROWING * np.max(growth[known], initial=0.0)
        return float(np.clip(np.max(-fluxes[known] / growth[known], initial=0.0), 0.0, self.amount))


def find_growth_energy(network: MetabolicNetwork, column: np.ndarray) -> GrowthEnergy | None:
    """Find the hydrolysis that a growth reaction contains; None where it contains none.

    The hydrolysis is an irreversible reaction that consumes water, moves one of everything, and consumes and produces
    nothing that growth does not consume and produce too. A demand of growth for ATP is that of one strain in one
    experiment, as its maintenance is: neither is matter.

    Args:
        network: The network.
        column: Coefficients of its growth reaction, shape `[metabolites]` [mmol/gDW].
    """
    S = network.stoichiometry.to_scipy().tocsc()
    water = [{e: n for e, n in (m.formula or {}).items() if n} == WATER for m in network.metabolite_table]
    used = np.flatnonzero(np.array(water) & (column < 0))
    if not len(used):
        return None
    growth, best = network.reaction_index(network.growth_reaction), None
    for index in np.unique(S[used].tocoo().coords[1]):
        rows = S.indices[S.indptr[index] : S.indptr[index + 1]]
        values = S.data[S.indptr[index] : S.indptr[index + 1]]
        forward = network.bounds.lower[index] >= 0 and values[np.isin(rows, used)].max() < 0
        ratios = column[rows] / values
        if index == growth or not forward or (np.abs(values) != 1).any() or (ratios <= 0).any() or len(rows) < 3:
            continue
        if best is None or ratios.min() > best.amount:
            hydrolysis = np.zeros(len(column))
            hydrolysis[rows] = values
            best = GrowthEnergy(int(index), hydrolysis, float(ratios.min()))
    return best
