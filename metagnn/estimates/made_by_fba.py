"""Whether observed fluxes were made by flux balance analysis of the network itself."""

from __future__ import annotations

import numpy as np

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.estimates.flux_knowledge import FluxKnowledge
from metagnn.fba.typical_fluxes import typical_fluxes
from metagnn.network.metabolic_network import MetabolicNetwork

CLOSE = 1e-3
"""Largest difference, relative to the largest value of a flux, that rounding in a table may leave."""

MOST = 0.95
"""Share of the samples that must agree: some tables hold a few labels of another solver."""


def made_by_fba(network: MetabolicNetwork, samples: FluxBatch) -> bool:
    """Return whether observed growth is the largest that every medium allows, or, without it, fluxes are an optimum's.

    No cell that was measured agrees to a thousandth; a hundred samples are tried.

    Args:
        network: The network, with the bounds in use.
        samples: Samples that some flux satisfies.
    """
    conditions = samples.conditions
    optimal, rows = typical_fluxes(network, conditions.lower.numpy(), conditions.upper.numpy())
    if not len(rows):
        return False
    observed = samples.observed.numpy()[rows]
    growth = network.reaction_index(network.growth_reaction)
    if not np.isnan(observed[:, growth]).all():
        return _agree(optimal[:, [growth]], observed[:, [growth]])
    if conditions.measured is not None:
        return False
    return _agree(optimal, observed) or _agree(
        FluxKnowledge.of(network, conditions).own_fluxes(conditions.rows(rows.tolist())), observed
    )


def _agree(optimal: np.ndarray, observed: np.ndarray) -> bool:
    seen = ~np.isnan(observed)
    size = np.max(np.abs(np.where(seen, observed, 0.0)), axis=0, initial=0.0)
    # All fluxes at once, so that a column of zeros is no exception; growth is compared alone.
    scale = size if len(size) == 1 else np.full(len(size), size.max())
    apart = np.where(seen, np.abs(optimal - observed), 0.0).max(axis=1) <= CLOSE * np.maximum(scale.max(), 1e-9)
    counted = seen.any(axis=1)
    return bool(apart[counted].mean() >= MOST) if counted.any() else False
