"""Identifiability by one factorisation beside the rank of stacked dense matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import torch

from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent
from metagnn.network.elements import balance_weights
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import CONTENTS, BiomassComposition

NETWORKS = ("e_coli_core", "iJO1366")
COMPOSITIONS = ("fixed", "elemental")
SETS = 200

GROWTH = 0.4
"""Growth at which the matrices are taken [1/h]."""

MOST_SINGLE = 200
"""Quantities up to which each has a rank of its own: one costs a millisecond on e_coli_core, seconds on iJO1366."""

RANKED_EVERY = 20
"""On larger networks, every so many sets have ranks too."""

MISSED = 1e-6
"""What a witness may miss, relative to its own size, by rounding."""


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
        witnesses: Quantities whose verdict was proved by a combination or by a flux, over all sets.
        ranks: Ranks of dense matrices that were computed.
    """

    network: str
    composition: str
    sets: int
    agreeing: int
    readouts: int
    readouts_determined: int
    fluxes_determined: int
    witnesses: int
    ranks: int


def measure_identifiability(
    seed: int,
    progress: Callable[[int, int], None],
    networks: tuple[str, ...] = NETWORKS,
    sets: int = SETS,
) -> list[Agreement]:
    """Random measurement sets of each network, half with each composition.

    A quantity is determined exactly if its row does not raise the rank of balances and measurements. On a small network
    each has a rank of its own. On a large one each verdict is proved by what makes the rank rise or not: a combination
    of balances and measurements, found by least squares on the sparse rows, or a flux that none of them sees; and
    every twentieth set has ranks, of what is determined together and of every readout that is not.
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
                ranked = case.small or position % RANKED_EVERY == 0
                done.append(case.check(np.random.default_rng([seed, half, position]), ranked))
                progress(started + position + 1, total)
            rows.append(Agreement(name, composition, count, *np.sum(done, axis=0).tolist()))
    return rows


def dense_rows(
    network: MetabolicNetwork, biomass: BiomassComposition, growth: float = GROWTH
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

        self.small = len(self.quantities) <= MOST_SINGLE

    def check(self, rng: np.random.Generator, ranked: bool) -> tuple[int, int, int, int, int, int]:
        """One random set: whether all agrees, readouts, those determined, fluxes determined, witnesses, ranks."""
        count = round(rng.uniform(0.2, 1.0) * len(self.measurable))
        measured = rng.choice(self.measurable, count, replace=False)
        rest = self.tangent.after(measured.tolist())[: len(self.quantities)]
        determined = np.logical_not(rest.any(axis=1))
        stacked = np.vstack([self.balance, self.quantities[measured]])
        combination = rng.normal(size=int(determined.sum())) @ self.quantities[determined]
        agree, witnesses, ranks = True, 0, 0
        if not self.small:
            agree, witnesses = self._proved(stacked, combination, rest, determined), len(determined)
        if ranked:
            singles = range(len(determined)) if self.small else [i for i in self.readouts if not determined[i]]
            agree, ranks = agree and _ranks_agree(stacked, combination, self.quantities, determined, singles), 2
            ranks += len(singles)
        fluxes = int(determined[: len(self.tangent.network.reactions)].sum())
        known = int(determined[self.readouts].sum())
        return int(agree), len(self.readouts), known, fluxes, witnesses, ranks

    def _proved(self, stacked: np.ndarray, combination: np.ndarray, rest: np.ndarray, determined: np.ndarray) -> bool:
        """Whether the rows combine to what is determined, and whether all else moves along what they do not see."""
        rows = scipy.sparse.csr_array(stacked)
        rows = scipy.sparse.diags_array(1.0 / scipy.sparse.linalg.norm(rows, axis=1)) @ rows
        weights = scipy.sparse.linalg.lsmr(rows.T, combination, 0.0, 1e-15, 1e-15, 1e15, maxiter=40_000)[0]
        if np.linalg.norm(rows.T @ weights - combination) > MISSED * np.linalg.norm(combination):
            return False
        free = np.flatnonzero(~determined)
        reactions = len(self.tangent.network.reactions)
        parameters = stacked.shape[1] - reactions
        # The tangent is that of growth of one: at another growth, the composition moves by so much less.
        moves = np.vstack(
            [self.tangent.rows[:reactions] @ rest[free].T, rest[free, rest.shape[1] - parameters :].T / GROWTH]
        )
        seen = np.abs(rows @ moves).max(axis=0, initial=0.0)
        return bool((seen <= MISSED * np.abs((self.quantities[free] * moves.T).sum(axis=1))).all())


def _ranks_agree(
    stacked: np.ndarray,
    combination: np.ndarray,
    quantities: np.ndarray,
    determined: np.ndarray,
    singles: Sequence[int],
) -> bool:
    """Whether all that is determined together raises no rank, and each of some quantities only if it is not."""
    rank = np.linalg.matrix_rank(stacked)
    agree = bool(np.linalg.matrix_rank(np.vstack([stacked, combination])) == rank)
    for index in singles:
        raised = np.linalg.matrix_rank(np.vstack([stacked, quantities[index]])) > rank
        agree = agree and bool(raised) == (not determined[index])
    return agree
