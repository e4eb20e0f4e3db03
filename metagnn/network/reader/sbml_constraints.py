"""Read the user-defined constraints of SBML, fbc package version 3."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from metagnn.errors import NetworkError
from metagnn.network.reader.constraints import unfit
from metagnn.network.reader.draft import DraftConstraint, DraftVariable


def sbml_constraints(
    model: Any, reaction_id: Callable[[str], str]
) -> tuple[list[DraftConstraint], list[DraftVariable]]:
    """Return the further constraints of a model, and the parameters that are variables in them.

    Args:
        model: Model of libsbml.
        reaction_id: Function from an id in the document to that of the network.

    Raises:
        NetworkError: A term is not linear, a coefficient or limit names no parameter with a value, or a variable is
            neither a reaction nor a parameter that may change.
    """
    package = model.getPlugin("fbc")
    if package is None or package.getPackageVersion() < 3:
        return [], []
    variables: dict[str, DraftVariable] = {}
    found: list[DraftConstraint] = []
    for constraint in package.getListOfUserDefinedConstraints():
        name = constraint.getIdAttribute() or constraint.getName() or f"constraint_{len(found) + 1}"
        what = f"constraint {name!r}"
        fluxes: dict[str, float] = {}
        others: dict[str, float] = {}
        for term in constraint.getListOfUserDefinedConstraintComponents():
            if term.getVariableType() and term.getVariableTypeAsString() != "linear":
                raise unfit(what, f"has a {term.getVariableTypeAsString()} term")
            if term.isSetVariable2():
                raise unfit(what, "has a product of two variables")
            at, value = term.getVariable(), _value(model, term.getCoefficient(), what)
            if model.getReaction(at) is not None:
                fluxes[reaction_id(at)] = fluxes.get(reaction_id(at), 0.0) + value
            elif model.getParameter(at) is not None and not model.getParameter(at).getConstant():
                variables[at] = DraftVariable(at)
                others[at] = others.get(at, 0.0) + value
            else:
                raise NetworkError(f"{what} uses {at!r}, which is neither a reaction nor a variable of the model")
        low, high = (_value(model, limit, what) for limit in (constraint.getLowerBound(), constraint.getUpperBound()))
        found.append(DraftConstraint(name, fluxes, low, high, others))
    return found, list(variables.values())


def _value(model: Any, name: str, what: str) -> float:
    parameter = model.getParameter(name)
    if parameter is None or not parameter.isSetValue() or math.isnan(parameter.getValue()):
        raise NetworkError(f"{what} uses {name!r}, which is no parameter with a value")
    return float(parameter.getValue())
