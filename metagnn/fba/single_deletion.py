"""Single deletions: find the reactions without which a network still grows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.errors import TableError
from metagnn.fba.simulate import media_values
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

SMALLEST_GROWTH = 0.01
"""A deletion is viable at or above this share of wild-type growth, as is usual for gene essentiality."""


def dispensable_reactions(network: NetworkLike, media: pd.DataFrame) -> tuple[str, ...]:
    """Return the reactions without which the network still grows, in network order.

    Tests the richest medium (the largest uptake of every column), so a reaction is omitted if no medium of the table
    can do without it. Exchanges, the growth reaction and forced reactions, such as maintenance, are not enzymes and are
    omitted too.

    Args:
        network: The network.
        media: Largest uptakes ≥ 0, one row per medium [mmol/gDW/h].

    Raises:
        TableError: The media cannot be used, or the network does not grow on the richest of them.
        NetworkError: There is no growth reaction, or there are no exchanges.
    """
    network = as_network(network)
    names, uptakes = media_values(network, media)
    (lower,), (upper,) = network.uptake_bounds(names, uptakes.max(axis=0, keepdims=True))
    growth = network.reaction_index(network.growth_reaction)
    objective = np.zeros(len(network.reactions))
    objective[growth] = 1.0
    program = LinearProgram(network.stoichiometry.to_scipy().tocsc(), objective)
    wild_type = program.solve(lower, upper)
    if wild_type.status != OPTIMAL or not wild_type.objective > 0:
        raise TableError(f"{network.id} does not grow on the largest uptakes of the media ({wild_type.status})")
    candidate = (network.bounds.lower <= 0) & (network.bounds.upper >= 0)
    candidate[[*network.outside_indices, *network.further_constraints.columns, growth]] = False
    viable = []
    for index in np.flatnonzero(candidate):
        # A reaction that the optimum does not use is dispensable.
        if wild_type.values[index] != 0:
            low, high = lower.copy(), upper.copy()
            low[index] = high[index] = 0.0
            mutant = program.solve(low, high)
            if mutant.status != OPTIMAL or not mutant.objective >= SMALLEST_GROWTH * wild_type.objective:
                continue
        viable.append(network.reactions[index])
    return tuple(viable)
