"""Mechanistic features of media: growth, batch yield, carbon, electrons, counted nutrients."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd

from metagnn.fba.open_sources import carbon_sources
from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.constraint import Polytope
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.measured_curves import building_blocks

MOST_UPTAKE, RICH_UPTAKE = 10.0, 1.0
"""Largest uptakes of a source of carbon and energy, and of a building block [mmol/gDW/h]."""


def mechanistic_features(network: MetabolicNetwork, media: pd.DataFrame, first: np.ndarray) -> pd.DataFrame:
    """Compute what is known of a medium without a measurement of growth.

    `growth` by flux balance analysis at usual uptakes of what the medium holds [1/h], `batch_yield`, the biomass that
    all of it makes when nothing is spent on maintenance [gDW/L], `carbon` [mM], `electrons` [mM], `nutrients`, the
    number of building blocks, and the first log OD, which tells how much was inoculated.

    Args:
        network: The network.
        media: Concentrations; columns are exchanges, water, salts and O2 beside them [mM].
        first: First log OD of every medium, shape `[media]`.
    """
    amounts, present = media.to_numpy(), media.to_numpy() > 0
    blocks = building_blocks(media)
    closed = _without_carbon(network, media)
    usual = pd.DataFrame(np.where(blocks, RICH_UPTAKE, MOST_UPTAKE) * present, columns=media.columns)
    growth = network.growth_reaction
    with warnings.catch_warnings():
        # A medium without carbon feeds nobody.
        warnings.simplefilter("ignore")
        rate = simulate_fluxes(closed, usual, "fba").fluxes[growth].fillna(0.0)
        free = Polytope(energy="free").relax(closed)
        made = simulate_fluxes(free, media.reset_index(drop=True), "fba").fluxes[growth].fillna(0.0)
    at = [network.reaction_index(str(name)) for name in media.columns]
    per_unit = {e: -network.element_balance(e).to_dense()[0].numpy()[at] for e in ("C", "electrons")}
    return pd.DataFrame(
        {
            "growth": rate.to_numpy(),
            "batch_yield": made.to_numpy(),
            "carbon": amounts @ np.abs(per_unit["C"]),
            "electrons": amounts @ np.abs(per_unit["electrons"]),
            "nutrients": present[:, blocks].sum(axis=1),
            "first_log_od": first,
        }
    )


def _without_carbon(network: MetabolicNetwork, media: pd.DataFrame) -> MetabolicNetwork:
    """Close the sources of carbon that the file of the network leaves open and no medium names."""
    named = set(map(str, media.columns))
    lower = network.bounds.lower.copy()
    for name in carbon_sources(network, list(network.exchanges)):
        if name not in named:
            at = network.reaction_index(name)
            lower[at] = max(lower[at], 0.0)
    bounds = dataclasses.replace(network.bounds, lower=lower)
    return dataclasses.replace(network, bounds=bounds)
