"""Build a community of copies of one network that share its medium, to have a network of any size."""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.sparse

from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.incidence import Incidence
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.reaction import Reaction

GROWTH = "community_growth"


def community_of_copies(network: MetabolicNetwork, copies: int) -> MetabolicNetwork:
    """Copy everything but the exchanges and the metabolites that they exchange, which all copies share.

    Growth takes a share of every copy's biomass, so the community grows as fast as its slowest copy.

    Args:
        network: What is copied; its exchanges define what is shared; every copy has its own sinks and demands.
        copies: Number of copies.
    """
    S = network.stoichiometry.to_scipy().tocsc()
    exchanges = network.outside_indices
    outside = np.unique(S[:, exchanges].nonzero()[0])
    inside = np.setdiff1d(np.arange(S.shape[0]), outside)
    own = np.setdiff1d(np.arange(S.shape[1]), exchanges)
    growth = int(np.flatnonzero(own == network.reaction_index(network.growth_reaction))[0])
    made = scipy.sparse.csc_array(([1.0], ([0], [growth])), shape=(1, len(own)))
    block = scipy.sparse.vstack([S[inside][:, own], made], format="csc")
    taken = scipy.sparse.csc_array((np.array([-1.0]), ([block.shape[0] - 1], [0])), shape=(block.shape[0], 1))
    matrix = scipy.sparse.block_array(
        [
            [scipy.sparse.hstack([S[outside][:, own]] * copies), S[outside][:, exchanges], None],
            [scipy.sparse.block_diag([block] * copies), None, scipy.sparse.vstack([taken] * copies)],
        ],
        format="coo",
    )
    rows = [network.metabolite_table[row] for row in outside]
    columns: list[Reaction] = []
    for copy in range(copies):
        rows += [
            dataclasses.replace(network.metabolite_table[r], id=f"{network.metabolites[r]}_{copy}") for r in inside
        ]
        rows.append(Metabolite(f"biomass_{copy}"))
        columns += [dataclasses.replace(network.reaction_table[c], id=f"{network.reactions[c]}_{copy}") for c in own]
    columns += [network.reaction_table[column] for column in exchanges]
    columns.append(Reaction(GROWTH))
    names = tuple(column.id for column in columns)
    lower, upper = (
        np.concatenate([*[bound[own]] * copies, bound[exchanges], [end]])
        for bound, end in ((network.bounds.lower, 0.0), (network.bounds.upper, 1000.0))
    )
    return MetabolicNetwork(
        f"{copies} × {network.id}",
        Incidence.from_scipy(matrix, tuple(row.id for row in rows), names),
        FluxBounds(names, lower, upper),
        {GROWTH: 1.0},
        network.outside_exchanges,
        tuple(rows),
        tuple(columns),
    )
