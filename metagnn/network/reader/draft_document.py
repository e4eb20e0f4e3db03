"""A draft as a document that JSON can hold, with which a reading process answers."""

from __future__ import annotations

from typing import Any

from metagnn.network.gene_rule import GeneRule
from metagnn.network.reader.draft import DraftConstraint, DraftMetabolite, DraftReaction, DraftVariable, ModelDraft


def draft_to_document(draft: ModelDraft) -> dict[str, Any]:
    """The draft as nested dicts and lists; JSON keeps every digit, and NaN and infinity in Python's spelling."""
    return {
        "id": draft.id,
        "metabolites": [
            [m.id, m.name, m.compartment, m.formula, m.charge, m.boundary, m.annotation] for m in draft.metabolites
        ],
        "reactions": [
            [
                *(r.id, r.coefficients, r.lower, r.upper, r.name, r.subsystem),
                r.rule.to_list() if isinstance(r.rule, GeneRule) else r.rule,
                *(r.objective, r.reversible, r.invented),
            ]
            for r in draft.reactions
        ],
        "genes": sorted(draft.genes),
        "minimised": draft.minimised,
        "notes": draft.notes,
        "lost_objective": draft.lost_objective,
        "constraints": [
            [c.id, c.reactions, c.lower, c.upper, c.variables, c.backward, c.balance] for c in draft.constraints
        ],
        "variables": [[v.id, v.lower, v.upper] for v in draft.variables],
    }


def draft_from_document(document: dict[str, Any]) -> ModelDraft:
    """The draft that `draft_to_document` wrote; a KeyError or TypeError means that it is damaged."""
    return ModelDraft(
        document["id"],
        [DraftMetabolite(*metabolite) for metabolite in document["metabolites"]],
        [_reaction(reaction) for reaction in document["reactions"]],
        frozenset(document["genes"]),
        document["minimised"],
        document["notes"],
        document["lost_objective"],
        [DraftConstraint(*constraint) for constraint in document["constraints"]],
        [DraftVariable(*variable) for variable in document["variables"]],
    )


def _reaction(row: list[Any]) -> DraftReaction:
    name, coefficients, lower, upper, words, subsystem, rule, objective, reversible, invented = row
    read = GeneRule.from_list(rule) if isinstance(rule, list) else rule
    return DraftReaction(name, coefficients, lower, upper, words, subsystem, read, objective, reversible, invented)
