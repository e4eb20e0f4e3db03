"""MOMA: after a knockout, the feasible flux nearest to the wild type's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from metagnn.errors import TableError
from metagnn.files.table_values import numeric_values, require_rows
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.polytope import PolytopeProjection


def moma(
    network: NetworkLike, wild_type: pd.DataFrame, reactions: Sequence[str] = (), genes: Sequence[str] = ()
) -> pd.DataFrame:
    """Fluxes after a knockout by minimisation of metabolic adjustment (Segrè et al. 2002, doi 10.1073/pnas.232349399).

    A cell that lost a gene does not grow as fast as it could; it stays near what it did. Of all fluxes that the
    knockout leaves, the one of least Σ(v − wild type)² is taken, for all samples at once.

    Args:
        network: The network of the wild type.
        wild_type: Its fluxes, every reaction a column, one row a sample [mmol/gDW/h]. What they take up bounds the
            uptake after the knockout.
        reactions: Reactions that are lost.
        genes: Genes that are lost, and with them the reactions that need them.

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
    missing = [name for name in network.reactions if name not in table.columns]
    if missing:
        raise TableError(f"`wild_type` lacks {missing[0]!r} and {len(missing) - 1} more; expected every reaction")
    target = numeric_values(table[list(network.reactions)])
    if not np.isfinite(target).all():
        raise TableError("`wild_type` holds NaN or infinity; expected a flux for every reaction of every row")
    knocked = network.knock_out(reactions=list(reactions), genes=list(genes))
    lower = np.tile(knocked.bounds.lower, (len(target), 1))
    upper = np.tile(knocked.bounds.upper, (len(target), 1))
    exchanges = np.array([name in network.exchanges for name in network.reactions])
    # A medium is what its cells were given: an exchange open wider than the network says was opened for the sample.
    lower[:, exchanges] = np.minimum(lower, target)[:, exchanges]
    lower[:, exchanges & (knocked.bounds.lower == 0) & (knocked.bounds.upper == 0)] = 0.0
    projection = PolytopeProjection(network.stoichiometry)
    fluxes = projection(*(torch.from_numpy(array) for array in (target, lower, upper)))
    return pd.DataFrame(fluxes.numpy(), index=wild_type.index, columns=list(network.reactions))
