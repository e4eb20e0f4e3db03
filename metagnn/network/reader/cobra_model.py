"""Read cobra's object model."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from metagnn.network.gene_rule import GeneRule
from metagnn.network.reader.cobra_constraints import solver_constraints
from metagnn.network.reader.draft import DraftMetabolite, DraftReaction, ModelDraft

if TYPE_CHECKING:
    import cobra


def read_cobra(model: cobra.Model) -> ModelDraft:
    """Return the draft of a cobra model, which is not changed, with the constraints that its solver holds.

    Raises:
        NetworkError: A constraint is not linear or a variable is not continuous; it is named.
    """
    import cobra.util

    objective = cobra.util.solver.linear_reaction_coefficients(model)
    constraints, variables, lost = solver_constraints(model)
    return ModelDraft(
        model.id or "",
        [
            DraftMetabolite(m.id, m.name or "", m.compartment or "", m.formula, m.charge, annotation=m.annotation)
            for m in model.metabolites
        ],
        [_reaction(reaction, float(objective.get(reaction, 0.0))) for reaction in model.reactions],
        minimised=model.objective_direction == "min",
        lost_objective=lost,
        constraints=constraints,
        variables=variables,
    )


def _reaction(reaction: cobra.Reaction, objective: float) -> DraftReaction:
    coefficients = {metabolite.id: value for metabolite, value in reaction.metabolites.items()}
    return DraftReaction(
        reaction.id,
        coefficients,
        reaction.lower_bound,
        reaction.upper_bound,
        reaction.name or "",
        reaction.subsystem or "",
        _gene_rule(reaction.gpr),
        objective,
        invented=_is_invented(reaction),
    )


def _is_invented(reaction: cobra.Reaction) -> bool:
    """Whether it is the exchange that cobra's reader adds for a boundary species."""
    return (
        [f"EX_{metabolite.id}" for metabolite in reaction.metabolites] == [reaction.id] == [reaction.name]
        and dict(reaction.annotation) == {"sbo": "SBO:0000627"}
        and not reaction.notes
    )


def _gene_rule(gpr: cobra.core.gene.GPR) -> GeneRule | None:
    return _translate_rule(gpr.body) if gpr is not None and gpr.body is not None else None


def _translate_rule(node: Any) -> GeneRule:
    if isinstance(node, ast.Name):
        return GeneRule("gene", name=node.id)
    kind = "and" if isinstance(node.op, ast.And) else "or"
    return GeneRule(kind, operands=tuple(_translate_rule(value) for value in node.values))
