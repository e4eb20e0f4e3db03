"""Conservation laws of what a cell exchanges and of what was measured inside: linear in these fluxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.analysis.nearest_flux.nearest_to_rates import PRIOR
from metagnn.analysis.reconciliation.closed_exchanges import ClosedExchanges, find_closed_exchanges
from metagnn.analysis.reconciliation.trace_exchanges import (
    LARGEST_TRACE,
    boundary_reactions,
    needed_nutrients,
    trace_needs,
)
from metagnn.network.exchange_search import carried_metabolites
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.null_space import sparse_null_basis
from metagnn.nn.biomass_column import CONTENTS, BiomassColumn, conserved_moieties

TRACE_STD = 1e-3
"""Standard deviation of unmeasured trace exchanges around zero, at least [mmol/gDW/h]."""

FAST = 1.0
"""Growth at which a trace may be needed [1/h]."""

MINERAL_STD = 0.1
"""The same for metals and salts: a gram of cells holds 0.2 mmol of potassium, and less of all others. With a wider
one, iron taken up as Fe3+ and given off as Fe2+ would be a sink for any number of electrons."""

TOLERANCE = 1e-9
"""Singular value, relative to the largest, that counts as rounding."""


@dataclass(frozen=True, eq=False)
class ExchangeLaws:
    r"""Linear laws of the boundary fluxes: exchanges, demands, sinks, observed internal fluxes and growth.

    With y in the left null space of all other internal reactions, $y^T S v = 0$ involves boundary fluxes only. These
    laws conserve elements, charge, electrons, and whatever else the internal reactions conserve. They are linear in
    the change θ of the biomass composition: $A x + (c + B \theta) \mu = 0$. An internal flux that was measured counts
    as a boundary flux: what it moves leaves one part of the network and enters another.

    Attributes:
        network: The network.
        indices: Positions of the boundary reactions, growth last, shape `[boundary]`.
        unmeasured_std: Standard deviation around zero of a boundary flux where it was not measured: tiny for trace
            exchanges, small for metals and salts that nobody names, large for the rest, shape `[boundary]`
            [mmol/gDW/h].
        matrix: A and, as its last column, c; orthonormal rows, shape `[laws, boundary]`.
        changes: B, shape `[laws, parameters]`.
        biomass: The biomass column as a function of θ.
        closed: Exchanges that are taken for absent, in the same laws.
        nutrients: What growth needs of boundary fluxes that nobody measured, for more than traces, zero elsewhere,
            shape `[boundary]` [mmol/gDW].
    """

    network: MetabolicNetwork
    indices: np.ndarray
    unmeasured_std: np.ndarray
    matrix: np.ndarray
    changes: np.ndarray
    biomass: BiomassColumn
    closed: ClosedExchanges
    nutrients: np.ndarray

    @property
    def column_changes(self) -> np.ndarray:
        """What one unit of every parameter does to the biomass column, shape `[metabolites, parameters]`."""
        return self.biomass.changes

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the boundary reactions."""
        return tuple(self.network.reactions[index] for index in self.indices)

    @property
    def open(self) -> np.ndarray:
        """Whether an unmeasured boundary flux can take any value, boolean, shape `[boundary]`."""
        return self.unmeasured_std > MINERAL_STD

    @property
    def traces(self) -> np.ndarray:
        """Whether a boundary flux is a trace that growth needs, boolean, shape `[boundary]`."""
        return self.unmeasured_std < MINERAL_STD

    def matrix_at(self, theta: np.ndarray) -> np.ndarray:
        """The laws with another composition, shape `[laws, boundary]`."""
        matrix = self.matrix.copy()
        matrix[:, -1] += self.changes @ theta
        return matrix

    def redundancy(self, known: np.ndarray) -> np.ndarray:
        """How many measurements of each row could be left out and still be predicted, shape `[samples]`.

        Trace exchanges and metals count as known. A law that ties them to growth alone does not count: it checks no
        measurement.

        Args:
            known: Whether a boundary flux was measured, shape `[samples, boundary]`.
        """
        patterns, which = np.unique(known, axis=0, return_inverse=True)
        counts = []
        for pattern in patterns:
            alone = ~self.open & ~pattern
            alone[-1] = pattern[-1]
            ranks = [self._rank(~alone), self._rank(self.open & ~pattern)]
            counts.append(ranks[0] - ranks[1])
        return np.array(counts)[which.ravel()]

    def _rank(self, columns: np.ndarray) -> int:
        return int(np.linalg.matrix_rank(self.matrix[:, columns], tol=1e-7)) if columns.any() else 0


def find_exchange_laws(
    network: MetabolicNetwork,
    present: np.ndarray,
    composition: str = "elemental",
    observed: np.ndarray | None = None,
) -> ExchangeLaws:
    """Find the laws of a network's boundary fluxes.

    Factors S twice: milliseconds on a core model, a second or two for ten thousand reactions.

    Args:
        network: The network.
        present: Exchanges that may carry flux, boolean, shape `[reactions]`; the others are closed, but for the trace
            exchanges that growth needs.
        composition: "elemental" (carbon, nitrogen and electrons of biomass are parameters), "precursor" (every
            coefficient is, as a fraction of its own value) or "fixed" (no parameters).
        observed: Reactions that the data name, measured or withheld, boolean, shape `[reactions]`. Their flux is
            unknown where it was not measured, also that of a metal; internal ones join the laws.

    Raises:
        NetworkError: No growth reaction, no formulas where the composition is elemental, or biomass whose carbon,
            nitrogen and electrons cannot change alone.
    """
    growth = network.reaction_index(network.growth_reaction)
    S = network.stoichiometry.to_scipy().tocsc()
    present = present | network.balances.growth_followers
    nutrients = needed_nutrients(network, present)
    present = present | (nutrients != 0)
    crossing, needs = boundary_reactions(network), trace_needs(network, present)
    traces = needs > 0
    observed = np.zeros(len(crossing), dtype=bool) if observed is None else observed
    boundary = np.where(crossing, present | traces, observed)
    boundary[growth] = False
    indices = np.append(np.flatnonzero(boundary), growth)
    inside = ~crossing & ~boundary
    inside[growth] = False
    kept = sparse_null_basis(S[:, np.flatnonzero(inside)].T)
    moves = S[:, indices].toarray()
    biomass = BiomassColumn(network, composition, conserved_moieties(network, crossing & ~(present | traces)))
    together = kept.T @ np.hstack([moves, biomass.changes])
    # Drop laws of internal pools, which involve no boundary flux; make the others independent.
    left, size, _ = np.linalg.svd(kept.T @ moves, full_matrices=False)
    left = left[:, size > TOLERANCE * size.max(initial=1.0)]
    rotated = left.T @ together
    scale = 1.0 / np.linalg.norm(rotated[:, : len(indices)], axis=1, keepdims=True)
    return ExchangeLaws(
        network,
        indices,
        _unmeasured_std(network, indices, needs, observed),
        (rotated * scale)[:, : len(indices)],
        (rotated * scale)[:, len(indices) :],
        biomass,
        find_closed_exchanges(network, crossing & ~(present | traces), kept, left, scale),
        nutrients[indices],
    )


def elemental_exchange_laws(laws: ExchangeLaws) -> ExchangeLaws:
    """The laws of the same exchanges with an elemental composition, without what was observed inside.

    Raises:
        NetworkError: As `find_exchange_laws`.
    """
    crossing = boundary_reactions(laws.network)
    exchanges = np.zeros(len(crossing), dtype=bool)
    exchanges[laws.indices[:-1]] = crossing[laws.indices[:-1]]
    if laws.changes.shape[1] == len(CONTENTS) and exchanges.sum() == len(laws.indices) - 1:
        return laws
    unknown = np.zeros(len(crossing), dtype=bool)
    unknown[laws.indices] = laws.open
    return find_exchange_laws(laws.network, exchanges, "elemental", unknown & exchanges)


def _unmeasured_std(
    network: MetabolicNetwork, indices: np.ndarray, needs: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    spread = np.full(len(indices), PRIOR**-0.5)
    carried = carried_metabolites(network, [network.reactions[index] for index in indices[:-1]])
    for position, metabolites in enumerate(carried.values()):
        elements = {element for metabolite in metabolites for element in metabolite.formula or ()}
        if not elements <= set("CHNOPSRX") and not observed[indices[position]]:
            spread[position] = MINERAL_STD
    # Narrower than what growth needs of it, a trace would hold growth down.
    traces = needs[indices] > 0
    spread[traces] = np.clip(FAST * needs[indices][traces], TRACE_STD, LARGEST_TRACE * FAST)
    return spread
