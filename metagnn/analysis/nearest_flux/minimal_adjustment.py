"""MOMA: the feasible flux after a knockout that is nearest to the wild type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from metagnn.errors import TableError
from metagnn.files.table_values import numeric_values, require_rows
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.polytope import PolytopeProjection

SLACK_WEIGHT = 1e-6
"""Weight of the slack of a further constraint beside that of a flux: it adds this part of its square."""


def moma(
    network: NetworkLike, wild_type: pd.DataFrame, reactions: Sequence[str] = (), genes: Sequence[str] = ()
) -> pd.DataFrame:
    """Predict fluxes after a knockout by minimisation of metabolic adjustment.

    Takes the flux of least Σ(v − wild type)² of all that the knockout leaves, for all samples at once: a cell that has
    just lost a gene stays near its former state instead of growing optimally (Segrè et al. 2002, doi
    10.1073/pnas.232349399).

    Args:
        network: The network of the wild type.
        wild_type: Fluxes of the wild type, every reaction a column, one row a sample [mmol/gDW/h]. Their uptakes bound
            those after the knockout.
        reactions: Deleted reactions.
        genes: Deleted genes, and with them the reactions that need them.

    Returns:
        Fluxes in the rows and columns of the network [mmol/gDW/h]; NaN where the knockout leaves no flux at all.

    Raises:
        TableError: A reaction is missing, or a flux is NaN, infinite or no number.
        NetworkError: An unknown reaction or gene; the nearest are given.

    >>> from metagnn.network import load_network
    >>> from metagnn.fba import simulate_fluxes
    >>> core = load_network("e_coli_core")
    >>> wild = simulate_fluxes(core, pd.DataFrame({"EX_glc__D_e": [10.0]})).fluxes
    >>> moma(core, wild, reactions=["PGI"])[core.growth_reaction].round(3).tolist()
    [0.818]
    """
    network = as_network(network)
    table = require_rows(wild_type, "wild_type")
    own, further = list(network.own_reactions), network.further_constraints
    missing = [name for name in own if name not in table.columns]
    if missing:
        raise TableError(f"`wild_type` lacks {missing[0]!r} and {len(missing) - 1} more; expected every reaction")
    target = numeric_values(table[own])
    if not np.isfinite(target).all():
        raise TableError("`wild_type` holds NaN or infinity; expected a flux for every reaction of every row")
    target = further.complete(network.stoichiometry.to_scipy(), target)
    knocked = network.knock_out(reactions=list(reactions), genes=list(genes))
    lower = np.tile(knocked.bounds.lower, (len(target), 1))
    upper = np.tile(knocked.bounds.upper, (len(target), 1))
    exchanges = np.array([name in network.exchanges for name in network.reactions])
    # An uptake beyond the network's bound was allowed by the medium of its sample: allow it here too.
    lower[:, exchanges] = np.minimum(lower, target)[:, exchanges]
    lower[:, exchanges & (knocked.bounds.lower == 0) & (knocked.bounds.upper == 0)] = 0.0
    projection = PolytopeProjection(network.stoichiometry)
    weights = np.ones(target.shape[1])
    weights[further.columns] = SLACK_WEIGHT
    fluxes = projection(*(torch.from_numpy(array) for array in (target, lower, upper, weights)))
    return pd.DataFrame(network.own_fluxes(fluxes.numpy()), index=wild_type.index, columns=own)
