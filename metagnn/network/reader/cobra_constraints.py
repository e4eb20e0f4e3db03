"""Read what cobra's solver holds beside the balances: further constraints, variables and objectives."""

from __future__ import annotations

from typing import Any

from metagnn.network.reader.constraints import unfit
from metagnn.network.reader.draft import DraftConstraint, DraftVariable
from metagnn.network.reader.note import listed


def solver_constraints(model: Any) -> tuple[list[DraftConstraint], list[DraftVariable], str]:
    """Return the further constraints and variables of a model, and what its objective holds that is no flux.

    Args:
        model: The cobra model; it is not changed.

    Raises:
        NetworkError: A constraint is not linear or a variable is not continuous; it is named.
    """
    # cobra has two variables per reaction, both ≥ 0: the flux is their difference.
    fluxes = {reaction.id: (reaction.id, True) for reaction in model.reactions}
    fluxes |= {reaction.reverse_id: (reaction.id, False) for reaction in model.reactions}
    variables = []
    for variable in model.variables:
        if variable.type != "continuous":
            raise unfit(f"variable {variable.name!r}", f"is {variable.type}")
        if variable.name not in fluxes:
            variables.append(DraftVariable(variable.name, variable.lb, variable.ub))
    further = {variable.id for variable in variables}
    metabolites = {metabolite.id for metabolite in model.metabolites}
    constraints = []
    for constraint in model.constraints:
        name = constraint.name
        if name not in metabolites:
            constraints.append(_constraint(constraint, fluxes))
        elif constraint.lb != 0 or constraint.ub != 0 or further:
            others = {v: c for v, c in _coefficients(constraint).items() if v in further} if further else {}
            constraints.append(DraftConstraint(name, {}, constraint.lb, constraint.ub, others, balance=name))
    return constraints, variables, _lost_objective(model, fluxes)


def _constraint(constraint: Any, fluxes: dict[str, tuple[str, bool]]) -> DraftConstraint:
    if getattr(constraint, "indicator_variable", None) is not None:
        raise unfit(f"constraint {constraint.name!r}", f"holds only if {constraint.indicator_variable.name!r} does")
    if not constraint.is_Linear:
        raise unfit(f"constraint {constraint.name!r}", "is not linear")
    forward: dict[str, float] = {}
    backward: dict[str, float] = {}
    others: dict[str, float] = {}
    for name, value in _coefficients(constraint).items():
        if name in fluxes:
            reaction, is_forward = fluxes[name]
            (forward if is_forward else backward)[reaction] = value
        else:
            others[name] = value
    names = dict.fromkeys([*forward, *backward])
    return DraftConstraint(
        constraint.name,
        {name: forward.get(name, 0.0) for name in names},
        constraint.lb,
        constraint.ub,
        others,
        {name: backward.get(name, 0.0) for name in names if backward.get(name, 0.0) != -forward.get(name, 0.0)},
    )


def _coefficients(part: Any) -> dict[str, float]:
    found = part.get_linear_coefficients(part.variables)
    # Sorted: optlang has sets, whose order changes from run to run.
    return dict(sorted((variable.name, float(value)) for variable, value in found.items() if value))


def _lost_objective(model: Any, fluxes: dict[str, tuple[str, bool]]) -> str:
    if not model.objective.is_Linear:
        return "terms that are not linear"
    terms = _coefficients(model.objective)
    others = [repr(name) for name in terms if name not in fluxes]
    if others:
        return f"{listed(others)}, no flux of a reaction"
    sides: dict[str, dict[bool, float]] = {}
    for name, value in terms.items():
        reaction, is_forward = fluxes[name]
        sides.setdefault(reaction, {})[is_forward] = value
    uneven = [repr(name) for name, side in sides.items() if side.get(True, 0.0) != -side.get(False, 0.0)]
    return f"forward and backward flux of {listed(uneven)} apart" if uneven else ""
