"""How well the carbon, nitrogen and electrons of measured rates close, before anything is reconciled."""

from __future__ import annotations

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.network_like import NetworkLike, as_network

BALANCES = ("C", "N", "electrons")


def closures(network: NetworkLike, fluxes: np.ndarray) -> np.ndarray:
    """What leaves over what enters, in carbon, nitrogen and electrons: 1 where a balance closes.

    Biomass leaves with the composition of the network; what was not measured counts as nothing.

    Args:
        network: The network.
        fluxes: Exchange fluxes and growth, NaN where not measured, shape `[samples, reactions]` [mmol/gDW/h].

    Returns:
        Shape `[samples, 3]`; NaN where nothing enters, or where the network has no formulas.
    """
    network = as_network(network)
    border = np.append(network.exchange_indices, network.reaction_index(network.growth_reaction))
    rates = np.where(np.isnan(fluxes[:, border]), 0.0, fluxes[:, border])
    found = np.full((len(fluxes), len(BALANCES)), np.nan)
    for position, balance in enumerate(BALANCES):
        try:
            row = network.element_balance(balance).to_dense()[0].numpy()[border]
        except NetworkError:
            continue
        terms = rates * row
        enters, leaves = np.maximum(terms, 0.0).sum(axis=1), -np.minimum(terms, 0.0).sum(axis=1)
        found[:, position] = np.where(enters > 0, leaves / np.where(enters > 0, enters, 1.0), np.nan)
    return found
