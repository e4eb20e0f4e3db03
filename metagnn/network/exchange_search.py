"""Exchanges found by the formula of what they carry, whatever a model calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metagnn.network.elements import Metabolite
from metagnn.network.metabolic_network import MetabolicNetwork

CO2 = {"C": 1.0, "O": 2.0}
OXYGEN = {"O": 2.0}
WATER = {"H": 2.0, "O": 1.0}
PROTON = {"H": 1.0}
INORGANIC_CARBON = (CO2, {"C": 1.0, "H": 1.0, "O": 3.0}, {"C": 1.0, "H": 2.0, "O": 3.0})
"""Formulas of CO2, bicarbonate and carbonic acid: carbon, but no food."""


def carried_metabolites(network: MetabolicNetwork, reactions: Iterable[str]) -> dict[str, tuple[Metabolite, ...]]:
    """Return the metabolites of each of some reactions; an exchange has one in nearly every model.

    Args:
        network: The network.
        reactions: Ids or aliases.

    Raises:
        NetworkError: No reaction has one of these names.
    """
    S = network.stoichiometry.to_scipy().tocsc()
    carried = {}
    for name in reactions:
        first, last = S.indptr[network.reaction_index(name) :][:2]
        carried[name] = tuple(network.metabolite_table[row] for row in S.indices[first:last])
    return carried


def exchanged_formulas(
    network: MetabolicNetwork, reactions: Iterable[str] | None = None
) -> dict[str, dict[str, float]]:
    """Return the formula of what each exchange carries; empty where it is unknown or several metabolites move.

    Args:
        network: The network.
        reactions: Ids or aliases; the exchanges by default.
    """
    carried = carried_metabolites(network, network.exchanges if reactions is None else reactions)
    return {
        name: dict(metabolites[0].formula or {}) if len(metabolites) == 1 else {}
        for name, metabolites in carried.items()
    }


def find_exchanges(network: MetabolicNetwork, formula: Mapping[str, float]) -> tuple[str, ...]:
    """Find the exchanges of one metabolite alone that has this formula, in network order.

    Several may share one: superoxide has the formula of oxygen, and stands behind it in iJO1366.

    Args:
        network: The network.
        formula: Atoms of every element; not empty.

    >>> from metagnn.network import load_network
    >>> find_exchanges(load_network("e_coli_core"), OXYGEN)
    ('EX_o2_e',)
    """
    return tuple(name for name, found in exchanged_formulas(network).items() if found and found == dict(formula))
