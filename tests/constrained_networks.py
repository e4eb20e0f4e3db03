"""Networks with constraints beyond the balances, for tests."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from metagnn.network import MetabolicNetwork
from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.incidence import Incidence
from metagnn.network.reaction import SLACK, Reaction

Row = tuple[Mapping[str, float], float, float]


def constrained(network: MetabolicNetwork, rows: Mapping[str, Row]) -> MetabolicNetwork:
    """The network with further constraints lower ≤ coefficients · v ≤ upper."""
    S, count = network.stoichiometry.to_dense().numpy(), len(network.reactions)
    matrix = np.zeros((len(S) + len(rows), count + len(rows)))
    matrix[: len(S), :count] = S
    for place, (coefficients, _, _) in enumerate(rows.values()):
        matrix[len(S) + place, count + place] = -1.0
        for name, value in coefficients.items():
            matrix[len(S) + place, network.reaction_index(name)] = value
    names = (*network.reactions, *(f"slack_{name}" for name in rows))
    limits = np.array([row[1:] for row in rows.values()]).reshape(-1, 2)
    return dataclasses.replace(
        network,
        stoichiometry=Incidence.from_dense(matrix, (*network.metabolites, *rows), names),
        bounds=FluxBounds(
            names,
            np.concatenate([network.bounds.lower, limits[:, 0]]),
            np.concatenate([network.bounds.upper, limits[:, 1]]),
        ),
        metabolite_table=(
            *network.metabolite_table,
            *(Metabolite(name, formula={}, charge=0.0, is_constraint=True) for name in rows),
        ),
        reaction_table=(*network.reaction_table, *(Reaction(f"slack_{name}", role=SLACK) for name in rows)),
    )
