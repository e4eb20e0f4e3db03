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
from metagnn.network.reaction import REACTION, Reaction


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
    """The network that `network_to_document` wrote; a KeyError or TypeError means that it is damaged."""
    reactions = tuple(reaction["id"] for reaction in document["reactions"])
    entries = document["stoichiometry"]
    lower = [-np.inf if r["bounds"][0] is None else r["bounds"][0] for r in document["reactions"]]
    upper = [np.inf if r["bounds"][1] is None else r["bounds"][1] for r in document["reactions"]]
    return MetabolicNetwork(
        id=document["id"],
        stoichiometry=Incidence(
            torch.tensor(entries["metabolite"], dtype=torch.int64),
            torch.tensor(entries["reaction"], dtype=torch.int64),
            torch.tensor(entries["coefficient"], dtype=torch.float64),
            [metabolite["id"] for metabolite in document["metabolites"]],
            reactions,
        ),
        bounds=FluxBounds(reactions, np.array(lower), np.array(upper)),
        objective=document["objective"],
        exchanges=tuple(document["exchanges"]),
        metabolite_table=tuple(
            Metabolite(**metabolite | {"identifiers": tuple(metabolite.get("identifiers", ()))})
            for metabolite in document["metabolites"]
        ),
        reaction_table=tuple(
            Reaction(
                r["id"],
                r["name"],
                r["subsystem"],
                GeneRule.from_list(r["gene_rule"]) if r["gene_rule"] else None,
                r.get("role", REACTION),
            )
            for r in document["reactions"]
        ),
        aliases=document["aliases"],
        notes=tuple(document.get("notes", ())),
    )
