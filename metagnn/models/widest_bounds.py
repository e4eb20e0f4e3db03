"""The widest bounds that the samples of a model can have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.network.metabolic_network import MetabolicNetwork


def widest_bounds(network: MetabolicNetwork, inputs: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The network's own bounds, and none where the samples bring theirs, each of shape `[reactions]` [mmol/gDW/h]."""
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    brought = [network.reaction_index(name) for name in inputs]
    lower[brought], upper[brought] = -np.inf, np.inf
    return lower, upper
