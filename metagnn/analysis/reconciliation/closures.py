"""Closures: how well the carbon, nitrogen and electron balances of measured rates close before reconciliation."""

from __future__ import annotations

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.network_like import NetworkLike, as_network

BALANCES = ("C", "N", "electrons")


def closures(network: NetworkLike, fluxes: np.ndarray) -> np.ndarray:
    """Divide what leaves by what enters, in carbon, nitrogen and electrons; 1 where a balance closes.

    Biomass leaves with the composition of the network. A rate that was not measured counts as zero.

    Args:
        network: The network.
        fluxes: Exchange fluxes and growth, NaN where not measured, shape `[samples, reactions]` [mmol/gDW/h].

    Returns:
        Shape `[samples, 3]`; NaN where nothing enters, or where the content of what was measured is unknown.
    """
    network = as_network(network)
    boundary = np.append(network.exchange_indices, network.reaction_index(network.growth_reaction))
    rates = np.where(np.isnan(fluxes[:, boundary]), 0.0, fluxes[:, boundary])
    flowing = (np.nan_to_num(fluxes) != 0).any(axis=0)
    found = np.full((len(fluxes), len(BALANCES)), np.nan)
    for position, balance in enumerate(BALANCES):
        try:
            network.balances.require(balance, network.contents(balance).undetermined & flowing)
            row = network.balances.row(balance).to_dense()[0].numpy()[boundary]
        except NetworkError:
            continue
        terms = rates * row
        enters, leaves = np.maximum(terms, 0.0).sum(axis=1), -np.minimum(terms, 0.0).sum(axis=1)
        found[:, position] = np.where(enters > 0, leaves / np.where(enters > 0, enters, 1.0), np.nan)
    return found
