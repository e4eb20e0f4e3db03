"""Growth-associated demand for ATP: how much of it measured rates leave room for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.network.exchange_search import WATER
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

GROWING = 0.1
"""Growth, relative to the fastest row, from which a row counts: in others noise divided by growth says nothing."""

SMALLEST = 1e-6
"""Share of a flux that counts as rounding, and growth that counts as none [1/h]."""

WIDEST = 1e4
"""Bound in place of none [mmol/gDW/h]."""


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


def needed_release(
    energy: GrowthEnergy,
    network: MetabolicNetwork,
    bounds: tuple[np.ndarray, np.ndarray],
    fluxes: np.ndarray,
    held: np.ndarray,
) -> float:
    """By how much the demand of growth has to fall before no row needs negative maintenance [mmol/gDW].

    One linear program for every row that could need more than those before it, the neediest first.

    Args:
        energy: The demand.
        network: The network with that demand.
        bounds: Bounds of every flux, with maintenance free to run backwards [mmol/gDW/h].
        fluxes: Feasible fluxes, NaN where there are none, shape `[samples, reactions]` [mmol/gDW/h].
        held: Positions of the fluxes that stay as they are, up to rounding.
    """
    growth = fluxes[:, network.reaction_index(network.growth_reaction)]
    maintenance = fluxes[:, energy.reaction]
    growing = growth >= max(GROWING * np.nanmax(growth, initial=0.0), SMALLEST)
    most = np.where(growing & ~np.isnan(maintenance), -maintenance / np.where(growing, growth, 1.0), 0.0)
    objective = np.zeros(fluxes.shape[1])
    objective[energy.reaction] = 1.0
    program, released = LinearProgram(network.stoichiometry.to_scipy(), objective), 0.0
    for row in np.argsort(-most):
        if most[row] <= released:
            break
        lower, upper = np.maximum(bounds[0], -WIDEST), np.minimum(bounds[1], WIDEST)
        upper[energy.reaction] = 0.0
        slack = SMALLEST * (1.0 + np.abs(fluxes[row, held]))
        lower[held], upper[held] = fluxes[row, held] - slack, fluxes[row, held] + slack
        solution = program.solve(lower, upper)
        least = -solution.values[energy.reaction] / growth[row] if solution.status == OPTIMAL else most[row]
        released = max(released, float(least))
    return min(released, energy.amount) if released > SMALLEST else 0.0


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
