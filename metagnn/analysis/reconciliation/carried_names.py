"""Names of what reactions carry, to stand beside their ids."""

from __future__ import annotations

from collections.abc import Iterable

from metagnn.network.exchange_search import CO2, OXYGEN, carried_metabolites
from metagnn.network.metabolic_network import MetabolicNetwork

KNOWN_BY_FORMULA = ((CO2, "CO2"), (OXYGEN, "O2"))
GROWTH = "growth"


def carried_names(network: MetabolicNetwork, reactions: Iterable[str]) -> dict[str, str]:
    """Name of what every reaction carries across the boundary, by reaction; inside the cell, the name of the reaction.

    Args:
        network: The network.
        reactions: Their ids.
    """
    found = {}
    for reaction, carried in carried_metabolites(network, reactions).items():
        if reaction == network.growth_reaction:
            found[reaction] = GROWTH
        elif len(carried) == 1:
            formulas = [name for formula, name in KNOWN_BY_FORMULA if carried[0].formula == formula]
            found[reaction] = formulas[0] if formulas else carried[0].name or carried[0].id
        else:
            found[reaction] = network.reaction_table[network.reaction_index(reaction)].name
    return found


def with_name(network: MetabolicNetwork, reaction: str) -> str:
    """Name and id: "Ethanol (EX_etoh_e)"; the id alone where it has no name."""
    name = carried_names(network, [reaction])[reaction]
    return f"{name} ({reaction})" if name else reaction
