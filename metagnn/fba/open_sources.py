"""Carbon sources that a table of media leaves open without naming them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from metagnn.network.metabolic_network import MetabolicNetwork

INORGANIC_CARBON = ({"C": 1.0, "O": 2.0}, {"C": 1.0, "H": 1.0, "O": 3.0}, {"C": 1.0, "H": 2.0, "O": 3.0})
"""Formulas of CO2, bicarbonate and carbonic acid: carbon, but no food."""


def open_carbon_sources(network: MetabolicNetwork, named: Collection[str]) -> dict[str, float]:
    """Largest uptake of every carbon source that is open for uptake and not named [mmol/gDW/h].

    An exchange that a table of media does not name keeps the network's own bound, so a forgotten nutrient can
    feed every medium. Metabolites without a formula are passed over.

    Args:
        network: The network.
        named: Exchanges that the media set.

    >>> from metagnn.network import load_network
    >>> open_carbon_sources(load_network("e_coli_core"), ["EX_o2_e"])
    {'EX_glc__D_e': 10.0}
    """
    columns = network.stoichiometry.to_scipy().tocsc()
    found = {}
    for name, uptake in network.medium().items():
        rows = columns[:, [network.reaction_index(name)]].tocoo().coords[0]
        formulas = [dict(network.metabolite_table[row].formula or {}) for row in np.asarray(rows)]
        feeds = any(formula.get("C", 0.0) > 0 and formula not in INORGANIC_CARBON for formula in formulas)
        if feeds and name not in named:
            found[name] = uptake
    return found
