"""Find exchanges by the formula of their metabolite, whatever their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metagnn.network.elements import Metabolite
from metagnn.network.metabolic_network import MetabolicNetwork

CO2 = {"C": 1.0, "O": 2.0}
OXYGEN = {"O": 2.0}
WATER = {"H": 2.0, "O": 1.0}
PROTON = {"H": 1.0}
INORGANIC_CARBON = (CO2, {"C": 1.0, "H": 1.0, "O": 3.0}, {"C": 1.0, "H": 2.0, "O": 3.0})
"""Formulas of CO2, bicarbonate and carbonic acid: carbon that is no nutrient."""


def carried_metabolites(network: MetabolicNetwork, reactions: Iterable[str]) -> dict[str, tuple[Metabolite, ...]]:
    """Return the metabolites of each reaction; an exchange has one in nearly every model.

    Args:
        network: The network.
        reactions: Ids or aliases.

    Raises:
        NetworkError: No reaction has one of these names.
    """
    S = network.mass_balances().tocsc()
    carried = {}
    for name in reactions:
        first, last = S.indptr[network.reaction_index(name) :][:2]
        carried[name] = tuple(network.metabolite_table[row] for row in S.indices[first:last])
    return carried


def exchanged_formulas(
    network: MetabolicNetwork, reactions: Iterable[str] | None = None
) -> dict[str, dict[str, float]]:
    """Return the formula that each exchange carries; empty if unknown or if several metabolites move.

    Args:
        network: The network.
        reactions: Ids or aliases; by default the exchanges of what is outside the cell, without sinks and demands.
    """
    carried = carried_metabolites(network, network.outside_exchanges if reactions is None else reactions)
    return {
        name: dict(metabolites[0].formula or {}) if len(metabolites) == 1 else {}
        for name, metabolites in carried.items()
    }


def find_exchanges(network: MetabolicNetwork, formula: Mapping[str, float]) -> tuple[str, ...]:
    """Find the exchanges of a single metabolite with this formula, in network order; skip sinks and demands.

    Several can match: in iJO1366 superoxide has the formula of oxygen and follows it.

    Args:
        network: The network.
        formula: Atoms of every element; not empty.

    >>> from metagnn.network import load_network
    >>> find_exchanges(load_network("e_coli_core"), OXYGEN)
    ('EX_o2_e',)
    """
    return tuple(name for name, found in exchanged_formulas(network).items() if found and found == dict(formula))
