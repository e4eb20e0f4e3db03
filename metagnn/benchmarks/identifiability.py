"""Identifiability by one factorisation beside the rank of stacked dense matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from metagnn.analysis.steady_state_tangent import SteadyStateTangent
from metagnn.network.elements import balance_weights
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import CONTENTS, BiomassComposition

NETWORKS = ("e_coli_core", "iJO1366")
COMPOSITIONS = ("fixed", "elemental")
SETS = 200

MOST_SINGLE = 200
"""Quantities up to which each has a rank of its own: one costs a millisecond on e_coli_core, seconds on iJO1366."""


@dataclass(frozen=True)
class Agreement:
    """How often two ways to tell what is determined say the same.

    Attributes:
        network: The network.
        composition: What of biomass is unknown.
        sets: Random sets of measurements.
        agreeing: Sets in which every check says the same.
        readouts: Readouts (growth, CO2, contents of biomass where they are unknown), over all sets.
        readouts_determined: How many of them are determined.
        fluxes_determined: Reactions that are determined, over all sets.
        ranks: Ranks of dense matrices that were computed.
    """

    network: str
    composition: str
    sets: int
    agreeing: int
    readouts: int
    readouts_determined: int
    fluxes_determined: int
    ranks: int


def measure_identifiability(
    seed: int,
    progress: Callable[[int, int], None],
    networks: tuple[str, ...] = NETWORKS,
    sets: int = SETS,
) -> list[Agreement]:
    """Random measurement sets of each network, half with each composition.

    On a small network every quantity has a rank of its own. On a large one only readouts that are not determined do;
    of all that is determined a random combination is added, which raises the rank unless every one of them is.
    """
    rows = []
    total = sets * len(networks)
    for number, name in enumerate(networks):
        network = load_network(name)
        for half, composition in enumerate(COMPOSITIONS):
            count = sets // 2 + (sets % 2 if half == 0 else 0)
            started = number * sets + half * (sets - sets // 2)
            case = _Case(network, composition, seed)
            done = []
            for position in range(count):
                done.append(case.check(np.random.default_rng([seed, half, position])))
                progress(started + position + 1, total)
            agree, readouts, known, fluxes, ranks = np.sum(done, axis=0).tolist()
            rows.append(Agreement(name, composition, count, agree, readouts, known, fluxes, ranks))
    return rows


def dense_rows(
    network: MetabolicNetwork, biomass: BiomassComposition, growth: float = 0.4
) -> tuple[np.ndarray, np.ndarray]:
    """Steady state and quantities as plain matrices of fluxes and parameters, made without any null space.

    Args:
        network: The network.
        biomass: Its composition, at which the matrices are taken.
        growth: Growth at which they are taken [1/h].

    Returns:
        The balances' derivatives, shape `[metabolites, reactions + parameters]`, and one row for every reaction
        and, where the composition is trainable, for alpha and beta.
    """
    fluxes = np.eye(len(network.reactions))
    balance = network.with_biomass(biomass.column().detach().numpy()).stoichiometry.to_dense().numpy()
    if not biomass.trainable:
        return balance, fluxes
    moves = biomass.column_sensitivity().detach().numpy()
    weights = np.array([balance_weights(network.metabolite_table, element) for element in CONTENTS])
    quantities = np.block(
        [[fluxes, np.zeros((len(fluxes), moves.shape[1]))], [np.zeros((2, len(fluxes))), -weights @ moves]]
    )
    return np.hstack([balance, growth * moves]), quantities


class _Case:
    """One network and composition, with the tangent under test and the matrices beside it."""

    def __init__(self, network: MetabolicNetwork, composition: str, seed: int) -> None:
        biomass = BiomassComposition(network, composition)
        if biomass.trainable:
            draws = np.random.default_rng(seed).normal(scale=0.1, size=biomass.raw.shape)
            biomass.raw.data.copy_(torch.from_numpy(draws))
        self.tangent = SteadyStateTangent.from_composition(network, biomass)
        self.balance, self.quantities = dense_rows(network, biomass)
        names = [*network.exchanges, "growth"]
        self.measurable = [self.tangent.index(name) for name in names]
        in_rows = [self.tangent.index(name) for name in self.tangent.readouts]
        self.readouts = [index for index in in_rows if index < len(self.quantities)]

    def check(self, rng: np.random.Generator) -> tuple[int, int, int, int, int]:
        """One random set: whether all agrees, readouts, those determined, fluxes determined, ranks computed."""
        count = round(rng.uniform(0.2, 1.0) * len(self.measurable))
        measured = rng.choice(self.measurable, count, replace=False)
        left = np.linalg.norm(self.tangent.after(measured.tolist()), axis=1)[: len(self.quantities)]
        determined = left == 0.0
        stacked = np.vstack([self.balance, self.quantities[measured]])
        rank = np.linalg.matrix_rank(stacked)
        combination = rng.normal(size=int(determined.sum())) @ self.quantities[determined]
        agree = bool(np.linalg.matrix_rank(np.vstack([stacked, combination])) == rank)
        small = len(self.quantities) <= MOST_SINGLE
        single = range(len(self.quantities)) if small else [i for i in self.readouts if not determined[i]]
        for index in single:
            raised = np.linalg.matrix_rank(np.vstack([stacked, self.quantities[index]])) > rank
            agree = agree and bool(raised) == (not determined[index])
        fluxes = int(determined[: len(self.tangent.network.reactions)].sum())
        known = int(determined[self.readouts].sum())
        return int(agree), len(self.readouts), known, fluxes, 2 + len(single)
