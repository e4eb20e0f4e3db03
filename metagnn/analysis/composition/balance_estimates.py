"""Estimates of the biomass composition without training: regressions on one balance, and all balances at once."""

from __future__ import annotations

import numpy as np
import scipy.optimize
import torch

from metagnn.analysis.identifiability.column_space import column_space, column_spaces
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.biomass import BiomassComposition

ROUNDS = 20
"""Rounds of reweighting; four suffice, since the weights depend on the content only weakly."""


def content_by_regression(network: NetworkLike, balance: str, fluxes: np.ndarray, noise: float | None = 0.05) -> float:
    """Estimate biomass's content of an element, charge or electrons from one balance of measured rates.

    The surplus of the exchanges is content times growth; the content is the slope of a regression through the origin.

    Args:
        network: The network.
        balance: As for `MetabolicNetwork.element_balance`.
        fluxes: Measured exchange fluxes and growth, shape `[samples, reactions]` [mmol/gDW/h]; all fluxes that take
            part in the balance are needed.
        noise: Relative noise of every rate, for iteratively reweighted least squares; None for ordinary least
            squares.
    """
    network = as_network(network)
    row = network.element_balance(balance).to_dense()[0].numpy()
    growth_index = network.reaction_index(network.growth_reaction)
    exchanged = row.copy()
    exchanged[growth_index] = 0.0
    used = np.flatnonzero(exchanged)
    parts = fluxes[:, used] * exchanged[used]
    surplus, growth = parts.sum(axis=1), fluxes[:, growth_index]
    content = float(surplus @ growth / (growth @ growth))
    for _ in range(0 if noise is None else ROUNDS):
        variance = np.square(parts).sum(axis=1) + np.square(content * growth)
        weighted = growth / variance
        content = float(weighted @ surplus / (weighted @ growth))
    return content


def alpha_from_electrons(network: NetworkLike, electrons: float) -> float:
    """Carbon in a biomass with known electrons and the network's own degree of reduction [mmol/gDW].

    Args:
        network: The network.
        electrons: Electrons in biomass [mmol/gDW].
    """
    network = as_network(network)
    return electrons * network.biomass_content("C") / network.biomass_content("electrons")


def contents_by_reconciliation(
    network: NetworkLike, measured: np.ndarray, deviation: np.ndarray
) -> tuple[float, float]:
    """Estimate alpha and beta by all balances at once [mmol/gDW].

    Maximises the likelihood over alpha, beta and the fluxes of every sample at steady state, with the biomass column
    of `BiomassComposition` and without bounds. Nothing is learned from other data.

    Args:
        network: The network.
        measured: Measured fluxes and growth, shape `[samples, reactions]`, NaN where nothing was measured
            [mmol/gDW/h].
        deviation: Their standard deviations, the same shape.
    """
    network = as_network(network)
    composition = BiomassComposition(network, "elemental")
    known = ~np.isnan(measured)
    used = np.flatnonzero(known.any(axis=0))
    root = np.where(known, 1.0 / np.where(known, deviation, 1.0), 0.0)[:, used]
    observed = root * np.where(known, measured, 0.0)[:, used]

    def misfit(raw: np.ndarray) -> float:
        with torch.no_grad():
            composition.raw.copy_(torch.from_numpy(raw))
            basis = composition.basis().numpy()[used]
        explained, _ = column_spaces(root[:, :, None] * column_space(basis))
        rest = observed - np.einsum("nki,nli,nl->nk", explained, explained, observed, optimize=True)
        return float(np.square(rest).sum())

    found = scipy.optimize.minimize(misfit, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-4})
    with torch.no_grad():
        composition.raw.copy_(torch.from_numpy(found.x))
        alpha, beta = composition.contents()
    return float(alpha), float(beta)
