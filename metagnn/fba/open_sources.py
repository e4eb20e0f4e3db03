"""Carbon sources that are open although a table of media does not name them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from metagnn.network.elements import Metabolite
from metagnn.network.exchange_search import INORGANIC_CARBON, carried_metabolites
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network


def open_carbon_sources(network: NetworkLike, named: Collection[str]) -> dict[str, float]:
    """Return the largest uptake of every carbon source that is open and not named [mmol/gDW/h].

    An exchange that a table does not name keeps the network's bound, so a forgotten nutrient can feed every medium.
    Metabolites without a formula are skipped.

    Args:
        network: The network.
        named: Exchanges that the media set.

    >>> from metagnn.network import load_network
    >>> open_carbon_sources(load_network("e_coli_core"), ["EX_o2_e"])
    {'EX_glc__D_e': 10.0}
    """
    network = as_network(network)
    medium = network.medium()
    return {name: medium[name] for name in carbon_sources(network, list(medium)) if name not in named}


def carbon_sources(network: MetabolicNetwork, exchanges: Sequence[str]) -> tuple[str, ...]:
    """Return the exchanges that carry carbon a cell can grow on; skip metabolites without a formula."""
    carried = carried_metabolites(network, exchanges)
    return tuple(name for name in exchanges if any(map(_feeds, carried[name])))


def _feeds(metabolite: Metabolite) -> bool:
    formula = dict(metabolite.formula or {})
    return formula.get("C", 0.0) > 0 and formula not in INORGANIC_CARBON
