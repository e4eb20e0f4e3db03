"""What crosses the border of a cell: the laws that its fluxes obey at steady state, whatever happens inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.analysis.nearest_flux.nearest_to_rates import PRIOR
from metagnn.analysis.reconciliation.biomass_column import BiomassColumn
from metagnn.analysis.reconciliation.trace_exchanges import border_reactions, needed_traces
from metagnn.network.compression import null_basis
from metagnn.network.exchange_search import carried_metabolites
from metagnn.network.metabolic_network import MetabolicNetwork

TRACE_STD = 1e-3
"""Standard deviation of traces around zero [mmol/gDW/h]."""

MINERAL_STD = 0.1
"""The same of metals and salts: a gram of cells holds some 0.2 mmol of potassium, and less of all others. Left open,
iron that comes as Fe3+ and leaves as Fe2+ would be a sink for any number of electrons."""

TOLERANCE = 1e-9
"""Part of a direction, relative to the whole, that is rounding."""


@dataclass(frozen=True, eq=False)
class Border:
    r"""Conservation laws of the fluxes across the border: exchanges and growth.

    With y in the left null space of all internal reactions, $y^T S v = 0$ holds for border fluxes alone: conservation
    of elements, charge, electrons, and of whatever else the internal reactions keep. Linear in the composition of
    biomass: $A x + (c + B \theta) \mu = 0$, with the change of composition θ.

    Attributes:
        network: The network.
        indices: Positions of the border reactions, growth last, shape `[border]`.
        unmeasured_std: What a border flux is taken to be, around zero, where it was not measured: nothing to speak of
            for traces that growth needs, little for metals and salts, anything for the rest [mmol/gDW/h].
        laws: A and, last, c, orthonormal rows, shape `[laws, border]`.
        changes: B, shape `[laws, parameters]`.
        biomass: The biomass column and its changes.
    """

    network: MetabolicNetwork
    indices: np.ndarray
    unmeasured_std: np.ndarray
    laws: np.ndarray
    changes: np.ndarray
    biomass: BiomassColumn

    @property
    def column_changes(self) -> np.ndarray:
        """What one unit of every parameter does to the biomass column, shape `[metabolites, parameters]`."""
        return self.biomass.changes

    @property
    def names(self) -> tuple[str, ...]:
        """Reactions of the border."""
        return tuple(self.network.reactions[index] for index in self.indices)

    @property
    def open(self) -> np.ndarray:
        """Whether a border flux may be anything where it was not measured, boolean, shape `[border]`."""
        return self.unmeasured_std > MINERAL_STD

    def laws_at(self, theta: np.ndarray) -> np.ndarray:
        """The laws with another composition, shape `[laws, border]`."""
        laws = self.laws.copy()
        laws[:, -1] += self.changes @ theta
        return laws

    def redundancy(self, known: np.ndarray) -> np.ndarray:
        """How many measurements of each row could be left out and still be predicted, shape `[samples]`.

        Traces and metals count as known, but what growth alone says of them is no check of a measurement.

        Args:
            known: Whether a border flux was measured, shape `[samples, border]`.
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
        return int(np.linalg.matrix_rank(self.laws[:, columns], tol=1e-7)) if columns.any() else 0


def border_of(network: MetabolicNetwork, present: np.ndarray, composition: str = "elemental") -> Border:
    """The border of a network and its laws. Factors S twice: milliseconds on a core model, seconds at genome scale.

    Args:
        network: The network.
        present: Exchanges that may carry flux, boolean, shape `[reactions]`; the others are closed.
        composition: "elemental" (carbon, nitrogen and electrons of biomass are parameters), "precursor" (every
            coefficient is, relative to its own) or "fixed" (no parameters).

    Raises:
        NetworkError: No growth reaction, no formulas where the composition is elemental, or biomass whose carbon,
            nitrogen and electrons cannot change alone.
    """
    growth = network.reaction_index(network.growth_reaction)
    S = network.stoichiometry.to_scipy().tocsc()
    crossing, traces = border_reactions(network), needed_traces(network, present)
    border = np.flatnonzero(crossing & (present | traces))
    indices = np.append(border, growth)
    inside = ~crossing
    inside[growth] = False
    kept = null_basis(S[:, np.flatnonzero(inside)].toarray().T)
    moves = S[:, indices].toarray()
    biomass = BiomassColumn(network, crossing & ~(present | traces), composition)
    together = kept.T @ np.hstack([moves, biomass.changes])
    # Laws about internal pools only say nothing here; the others are made independent.
    left, size, _ = np.linalg.svd(kept.T @ moves, full_matrices=False)
    rotated = left[:, size > TOLERANCE * size.max(initial=1.0)].T @ together
    scale = 1.0 / np.linalg.norm(rotated[:, : len(indices)], axis=1, keepdims=True)
    return Border(
        network,
        indices,
        _unmeasured_std(network, indices, traces),
        (rotated * scale)[:, : len(indices)],
        (rotated * scale)[:, len(indices) :],
        biomass,
    )


def _unmeasured_std(network: MetabolicNetwork, indices: np.ndarray, traces: np.ndarray) -> np.ndarray:
    spread = np.full(len(indices), PRIOR**-0.5)
    carried = carried_metabolites(network, [network.reactions[index] for index in indices[:-1]])
    for position, metabolites in enumerate(carried.values()):
        elements = {element for metabolite in metabolites for element in metabolite.formula or ()}
        if not elements <= set("CHNOPS"):
            spread[position] = MINERAL_STD
    spread[traces[indices]] = TRACE_STD
    return spread
