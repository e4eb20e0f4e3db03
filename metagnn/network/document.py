"""A network as a document that JSON can hold, so that a saved model carries its network."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np
import torch

from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.gene_rule import GeneRule
from metagnn.network.incidence import Incidence
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.reaction import REACTION, ROLES, Reaction
from metagnn.plain_values import as_list, as_mapping, as_number, as_text, as_texts, as_whole


def network_to_document(network: NetworkLike) -> dict[str, Any]:
    """The network as nested dicts and lists; floats keep every digit."""
    network = as_network(network)
    S = network.stoichiometry
    return {
        "id": network.id,
        "metabolites": [dataclasses.asdict(metabolite) for metabolite in network.metabolite_table],
        "reactions": [
            {
                "id": reaction.id,
                "name": reaction.name,
                "subsystem": reaction.subsystem,
                "gene_rule": reaction.gene_rule.to_list() if reaction.gene_rule else None,
                "role": reaction.role,
                # JSON has no infinity: an unbounded side is null.
                "bounds": [float(bound) if np.isfinite(bound) else None for bound in bounds],
            }
            for reaction, *bounds in zip(
                network.reaction_table, network.bounds.lower, network.bounds.upper, strict=True
            )
        ],
        "stoichiometry": {
            "metabolite": S.row.tolist(),
            "reaction": S.column.tolist(),
            "coefficient": S.value.detach().tolist(),
        },
        "objective": dict(network.objective),
        "exchanges": list(network.exchanges),
        "aliases": dict(network.aliases),
        "notes": list(network.notes),
    }


def network_checksum(network: NetworkLike) -> str:
    """Hash of the whole document, in hex: unlike the fingerprint it knows formulas, exchanges and names."""
    return hashlib.sha256(json.dumps(network_to_document(network)).encode()).hexdigest()


def network_from_document(document: dict[str, Any]) -> MetabolicNetwork:
    """The network that `network_to_document` wrote.

    Raises:
        KeyError: Something is missing.
        ValueError: Something is of another type than expected, or does not fit the rest.
    """
    reactions = tuple(_reaction(as_mapping(reaction)) for reaction in as_list(document["reactions"]))
    metabolites = tuple(_metabolite(as_mapping(metabolite)) for metabolite in as_list(document["metabolites"]))
    names = tuple(reaction.id for reaction in reactions)
    entries = as_mapping(document["stoichiometry"])
    limits = [as_list(reaction["bounds"]) for reaction in document["reactions"]]
    lower, upper = (np.array([_bound(low_high, side) for low_high in limits]) for side in (0, 1))
    known = frozenset(names)
    objective = {name: as_number(value) for name, value in as_mapping(document["objective"]).items()}
    exchanges = as_texts(document["exchanges"])
    aliases = {name: as_text(own) for name, own in as_mapping(document["aliases"]).items()}
    for name in (*objective, *exchanges, *aliases.values()):
        if name not in known:
            raise ValueError(f"{name!r} is no reaction")
    if len(set(exchanges)) != len(exchanges):
        raise ValueError("an exchange appears more than once")
    return MetabolicNetwork(
        id=as_text(document["id"]),
        stoichiometry=Incidence(
            _places(entries["metabolite"]),
            _places(entries["reaction"]),
            torch.tensor([as_number(value) for value in as_list(entries["coefficient"])], dtype=torch.float64),
            [metabolite.id for metabolite in metabolites],
            names,
        ),
        bounds=FluxBounds(names, lower, upper),
        objective=objective,
        exchanges=exchanges,
        metabolite_table=metabolites,
        reaction_table=reactions,
        aliases=aliases,
        notes=as_texts(document.get("notes", [])),
    )


def _places(entries: object) -> torch.Tensor:
    return torch.tensor([as_whole(place) for place in as_list(entries)], dtype=torch.int64)


def _bound(limits: list[Any], side: int) -> float:
    if len(limits) != 2:
        raise ValueError(f"{len(limits)} bounds where two are expected")
    return (-np.inf, np.inf)[side] if limits[side] is None else as_number(limits[side])


def _metabolite(document: dict[str, Any]) -> Metabolite:
    formula, charge = document["formula"], document["charge"]
    if formula is not None:
        formula = {element: as_number(count) for element, count in as_mapping(formula).items()}
    constraint = document.get("is_constraint", False)
    if not isinstance(constraint, bool):
        raise ValueError(f"`is_constraint` is {constraint!r:.60} where true or false is expected")
    return Metabolite(
        as_text(document["id"]),
        as_text(document["name"]),
        as_text(document["compartment"]),
        formula,
        None if charge is None else as_number(charge),
        as_texts(document.get("identifiers", [])),
        constraint,
    )


def _reaction(document: dict[str, Any]) -> Reaction:
    role = document.get("role", REACTION)
    if role not in ROLES:
        raise ValueError(f"{role!r:.60} where one of {', '.join(ROLES)} is expected")
    rule = GeneRule.from_list(as_list(document["gene_rule"])) if document["gene_rule"] else None
    return Reaction(as_text(document["id"]), as_text(document["name"]), as_text(document["subsystem"]), rule, role)
