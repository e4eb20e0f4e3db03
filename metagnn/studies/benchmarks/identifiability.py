"""Compare identifiability by one factorisation with the rank of stacked dense matrices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import torch

from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import CONTENTS, BiomassComposition
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.study import StudyOptions, run_study

NETWORKS = ("e_coli_core", "iJO1366")
COMPOSITIONS = ("fixed", "elemental")
REPETITIONS = Repetitions(1, 5, 5)

GROWTH = 0.4
"""Growth at which the matrices are taken [1/h]."""

MOST_SINGLE = 200
"""Most quantities for which each gets a rank of its own: one costs 1 ms on e_coli_core, seconds on iJO1366."""

RANKED_EVERY = 20
"""On larger networks, one set in so many has ranks too."""

MISSED = 1e-6
"""Rounding error that a witness may have, relative to its own size."""


COUNTS = (
    "sets",
    "agreeing",
    "readouts",
    "readouts_determined",
    "fluxes_determined",
    "witnesses",
    "ranks",
)
"""What is counted: random sets of measurements; sets in which every check agrees; readouts (growth, CO2, contents of
biomass where they are unknown) and those determined; reactions determined; quantities whose verdict a combination or a
flux proves; ranks of dense matrices."""


@dataclass(frozen=True)
class Identifiability(AbstractExperiment):
    """Draw random sets of measurements, and compare what is determined with ranks of dense matrices.

    A quantity is determined exactly if its row does not raise the rank of balances and measurements. On a small network
    each has a rank of its own. On a large one each verdict is proved by what makes the rank rise or not: a combination
    of balances and measurements, found by least squares on the sparse rows, or a flux that none of them sees; and
    every twentieth set has ranks, of what is determined together and of every readout that is not.

    Attributes:
        name: Name of the network, and start of the names of its runs' files.
        sets: Random sets of measurements of every seed and composition.
        repetitions: Number of seeds.
    """

    name: str
    sets: int = 20
    repetitions: Repetitions = REPETITIONS

    def contestants(self, size: str) -> tuple[str, ...]:
        """What of biomass is unknown."""
        return COMPOSITIONS

    def quick(self) -> Identifiability:
        """Draw half as many sets."""
        return replace(self, sets=self.sets // 2)

    def settings(self) -> dict[str, Any]:
        """How many sets."""
        return {"sets": self.sets}

    def data(self, store: SampleStore, seed: int) -> MetabolicNetwork:
        """Read the network."""
        return store.network(self.name)

    def run(self, contestant: str, data: MetabolicNetwork, seed: int) -> Run:
        """Count how often the two ways agree."""
        case, stream = _Case(data, contestant, seed), COMPOSITIONS.index(contestant)
        counts = [
            case.check(np.random.default_rng([seed, stream, position]), case.small or position % RANKED_EVERY == 0)
            for position in range(self.sets)
        ]
        return Run(dict(zip(COUNTS, (self.sets, *np.sum(counts, axis=0).tolist()), strict=True)))

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Sums of the counts over the seeds, by network and composition."""
        sums = {c: {name: sum(run[name] for run in scores) for name in COUNTS} for c, scores in runs.items()}
        return {"agreement": {self.name: sums}}


def study_identifiability(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Compare with ranks on e_coli_core, and on iJO1366 unless the study is quick; write `identifiability.json`."""
    networks = NETWORKS[:1] if options.quick else NETWORKS

    def rows_of(results: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"network": network, "composition": composition, **counts}
            for network, by in results["agreement"].items()
            for composition, counts in by.items()
        ]

    def write(results: dict[str, Any], place: Path) -> None:
        (place / "identifiability.json").write_bytes(json.dumps(rows_of(results), indent=2).encode())

    experiments = [Identifiability(name) for name in networks]
    rows = rows_of(run_study(folder, experiments, options, progress, write))
    cells = (
        (
            *(row["network"], row["composition"], f"{row['agreeing']} of {row['sets']}"),
            f"{row['readouts_determined']} of {row['readouts']}",
            *(str(row[name]) for name in COUNTS[4:]),
        )
        for row in rows
    )
    header = ("network", "composition", "sets that agree", "readouts determined")
    names = (name.replace("_", " ") for name in COUNTS[4:])
    return [ResultTable("identifiability beside the rank of stacked matrices", (*header, *names), tuple(cells))]


def dense_rows(
    network: MetabolicNetwork, biomass: BiomassComposition, growth: float = GROWTH
) -> tuple[np.ndarray, np.ndarray]:
    """Write steady state and quantities as dense matrices over fluxes and parameters, without using a null space.

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
    weights = np.array([network.contents(element).weights for element in CONTENTS])
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
        names = [*network.outside_exchanges, "growth"]
        self.measurable = [self.tangent.index(name) for name in names]
        in_rows = [self.tangent.index(name) for name in self.tangent.readouts]
        self.readouts = [index for index in in_rows if index < len(self.quantities)]

        self.small = len(self.quantities) <= MOST_SINGLE

    def check(self, rng: np.random.Generator, ranked: bool) -> tuple[int, int, int, int, int, int]:
        """Check one random set; return the counts of `COUNTS`, without the number of sets."""
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
        """Tell whether rows combine to what is determined, and whether all else moves along what they do not see."""
        rows = scipy.sparse.csr_array(stacked)
        rows = scipy.sparse.diags_array(1.0 / scipy.sparse.linalg.norm(rows, axis=1)) @ rows
        weights = scipy.sparse.linalg.lsmr(rows.T, combination, 0.0, 1e-15, 1e-15, 1e15, maxiter=40_000)[0]
        if np.linalg.norm(rows.T @ weights - combination) > MISSED * np.linalg.norm(combination):
            return False
        free = np.flatnonzero(~determined)
        reactions = len(self.tangent.network.reactions)
        parameters = stacked.shape[1] - reactions
        # The tangent is taken at a growth of 1/h: at another growth, the composition moves in proportion.
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
    """Tell whether all that is determined raises no rank, and whether each single quantity does if it is not."""
    rank = np.linalg.matrix_rank(stacked)
    agree = bool(np.linalg.matrix_rank(np.vstack([stacked, combination])) == rank)
    for index in singles:
        raised = np.linalg.matrix_rank(np.vstack([stacked, quantities[index]])) > rank
        agree = agree and bool(raised) == (not determined[index])
    return agree
