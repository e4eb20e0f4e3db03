"""Convert fluxes to a cobra solution, for cobra's summaries and analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metagnn.errors import InputError, NetworkError, unknown_name

if TYPE_CHECKING:
    import cobra


def to_cobra_solution(
    model: cobra.Model,
    fluxes: pd.Series,
    status: str = "optimal",
    reduced_costs: pd.Series | None = None,
    shadow_prices: pd.Series | None = None,
) -> cobra.Solution:
    """Return predicted or simulated fluxes as a `cobra.Solution`, for example for `model.summary(solution)`.

    Args:
        model: The cobra model, with the reactions of the network.
        fluxes: Flux of every reaction by id, in any order: a row of `FluxPredictor.predict` or of
            `FluxSolutions.fluxes` [mmol/gDW/h].
        status: Status of the solver.
        reduced_costs: Reduced cost of every reaction, if known.
        shadow_prices: Shadow price of every metabolite, if known.

    Returns:
        The solution; its objective value is the model's objective at these fluxes.

    Raises:
        NetworkError: A reaction of the model has no flux, or a flux has no reaction.
        InputError: A flux is NaN.
    """
    import cobra
    from cobra.util.solver import linear_reaction_coefficients

    names = [reaction.id for reaction in model.reactions]
    for name in names:
        if name not in fluxes.index:
            raise NetworkError("`fluxes`: " + unknown_name(name, map(str, fluxes.index), "reaction that has a flux"))
    for name in fluxes.index:
        if name not in model.reactions:
            raise NetworkError("`fluxes`: " + unknown_name(str(name), names, f"reaction of the model {model.id}"))
    values = fluxes[names].astype(np.float64)
    for name in values.index[values.isna()][:1]:
        raise InputError(f"`fluxes` is NaN for {name!r}; expected the fluxes of a medium with a solution")
    coefficients = linear_reaction_coefficients(model)
    objective = sum(weight * values[reaction.id] for reaction, weight in coefficients.items())
    return cobra.Solution(
        objective_value=float(objective),
        status=status,
        fluxes=values.rename("fluxes"),
        reduced_costs=reduced_costs,
        shadow_prices=shadow_prices,
    )
