"""Check that a model can grow at all, and name what it cannot make."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.bounds import LARGEST_FLUX
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram

GROWS = 1e-9
"""Least growth [1/h] and production [mmol/gDW/h] to count."""

ENOUGH = 1e-3
"""Demand for a precursor; small, so that the search ends early [mmol/gDW/h]."""

MOST_NAMED = 5


def largest_growth(network: MetabolicNetwork) -> float:
    """Return the largest growth within the network's own bounds [1/h]; NaN if no flux satisfies them.

    Raises:
        NetworkError: No growth reaction.
    """
    objective = np.zeros(len(network.reactions))
    objective[network.reaction_index(network.growth_reaction)] = 1.0
    found = LinearProgram(network.stoichiometry.to_scipy(), objective).solve(network.bounds.lower, network.bounds.upper)
    return found.objective if found.status in (OPTIMAL, INFEASIBLE) else np.inf


def require_growth(network: MetabolicNetwork) -> None:
    """Raise unless the model can grow with every exchange open; otherwise no medium has a label.

    Costs a linear program, and another one where nothing grows.

    Args:
        network: The network.

    Raises:
        NetworkError: No growth reaction, no exchanges, a growth reaction that its bounds close, or precursors that
            nothing makes; they are named.
    """
    name = network.growth_reaction
    network.require_exchanges()
    growth = network.reaction_index(name)
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    if upper[growth] <= 0:
        bounds = f"[{lower[growth]:g}, {upper[growth]:g}]"
        raise NetworkError(f"the growth reaction {name!r} of {network.id} is closed by its bounds {bounds}")
    at, forward = network.exchange_indices, network.imports_forward
    lower[at[~forward]] = np.minimum(lower[at[~forward]], -LARGEST_FLUX)
    upper[at[forward]] = np.maximum(upper[at[forward]], LARGEST_FLUX)
    objective = np.zeros(len(lower))
    objective[growth] = 1.0
    cap = upper.copy()
    cap[growth] = max(lower[growth], min(upper[growth], ENOUGH))
    found = LinearProgram(network.stoichiometry.to_scipy(), objective).solve(lower, cap)
    if found.status == OPTIMAL and not found.objective > GROWS:
        missing = _unmade(network, growth, lower, upper)
        reason = f"nothing makes {', '.join(map(repr, missing[:MOST_NAMED]))}" if missing else "it cannot carry flux"
        if not missing and network.slacks:
            reason += " within the further constraints of the model"
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise NetworkError(
            f"{network.id} cannot grow by {name!r} even with every exchange open: {reason}{more}; close a gap, or "
            "choose another reaction as growth"
        )
    if found.status == INFEASIBLE:
        raise NetworkError(
            f"{network.id} has no steady state within its bounds, even with every exchange open; some lower bound "
            "above zero cannot be met"
        )


def _unmade(network: MetabolicNetwork, growth: int, lower: np.ndarray, upper: np.ndarray) -> list[str]:
    """What growth takes and nothing makes, be it from what growth gives back; a little of each is asked for at once."""
    matrix = network.stoichiometry.to_scipy().tocsc()
    column = network.mass_balances().tocsc()[:, [growth]].toarray()[:, 0]
    precursors, returned = np.flatnonzero(column < 0), np.flatnonzero(column > 0)
    # ATP is made of the ADP that growth returns: no cell makes it from nothing but food.
    rows, signs = np.concatenate([precursors, returned]), np.repeat([-1.0, 1.0], [len(precursors), len(returned)])
    ends = scipy.sparse.csc_array((signs, (rows, np.arange(len(rows)))), shape=(len(column), len(rows)))
    low, high = np.minimum(lower, 0.0), np.maximum(upper, 0.0)
    low[growth] = high[growth] = 0.0
    objective = np.zeros(len(low) + len(rows))
    objective[len(low) : len(low) + len(precursors)] = 1.0
    limits = np.where(signs < 0, ENOUGH, len(rows) * ENOUGH)
    program = LinearProgram(scipy.sparse.hstack([matrix, ends]), objective)
    found = program.solve(np.append(low, np.zeros(len(rows))), np.append(high, limits))
    made = found.values[len(low) : len(low) + len(precursors)]
    return [network.metabolites[row] for row in precursors[~(made > GROWS)]] if found.status == OPTIMAL else []
