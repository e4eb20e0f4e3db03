"""Fluxes of many media: FBA, parsimonious FBA, minimum-norm FBA."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from metagnn.errors import TableError
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.label_chunks import LabelTask, label_chunks, split_rows
from metagnn.files.table_values import numeric_values, require_rows, table_knockouts
from metagnn.network.knockout import KNOCKOUT
from metagnn.network.medium import check_exchanges, check_uptakes
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.linear_program import OPTIMAL
from metagnn.progress import Report, reported

SAMPLE = "sample"
"""The column of a table that names its rows; beside `knockout`, everything else is an exchange."""


def simulate_fluxes(
    network: NetworkLike,
    media: pd.DataFrame,
    method: str = "min_norm",
    *,
    jobs: int | None = None,
    progress: bool | Report | None = None,
) -> FluxSolutions:
    """Fluxes of many media.

    Growth is the same for every method; the fluxes are not. "fba" returns any optimum, which depends on the order
    of the media. "pfba" takes the least total flux Σ|v|, unique on small networks. "min_norm" takes the
    least Σv², which is unique always: the choice for labels.

    Solvers stay in memory from one medium to the next. Many media on a large network gain from several `jobs`; the
    same call inside `with joblib.parallel_config("dask"):` runs on a Dask cluster (extra `distributed`).

    Args:
        network: The network.
        media: One row for every medium; columns are exchanges, values the largest uptake ≥ 0 [mmol/gDW/h]. An
            exchange that is not named keeps the network's bounds. A column `sample` is left out; a column `knockout`
            names the reactions or genes that a sample goes without, separated by ";".
        method: "min_norm", "pfba" or "fba".
        jobs: Worker processes; by default what `joblib.parallel_config` says, else none but this one.
        progress: Whether to show a progress bar; by default on a terminal and in a notebook, for work of more than a
            second. A callable is called with how many media are done, and of how many, instead.

    Returns:
        Every medium's row, with NaN and its status where there is no optimum; these are counted in a warning.

    Raises:
        InputError: An unknown method, `jobs` below 1, or media that are no DataFrame.
        NetworkError: No growth reaction, or no exchanges.
        TableError: No rows, unknown or duplicated columns, text among numbers, an uptake below zero, or an
            unknown knockout.
        ChildProcessError: Worker processes died several times in a row.

    >>> from metagnn.network import load_network
    >>> media = pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 0.0]})
    >>> simulate_fluxes(load_network("e_coli_core"), media).growth.round(4).tolist()
    [0.4156, 0.2117]
    """
    network = as_network(network)
    names, uptakes = media_values(network, media)
    knockouts = table_knockouts(network, media)
    task = LabelTask.create(network, names, method)
    fluxes, status = np.empty((len(uptakes), len(network.reactions))), [""] * len(uptakes)
    with reported(progress, len(uptakes), "media") as report:
        for chunk in label_chunks(task, uptakes, split_rows(len(uptakes), jobs), jobs, report, knockouts):
            fluxes[chunk.rows], status[chunk.rows] = chunk.fluxes, chunk.status
    solutions = collect_solutions(network, media.index, fluxes, status, method)
    warn_unsolved(solutions.status)
    return solutions


def media_values(network: MetabolicNetwork, media: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Names of a table's exchanges and its uptakes, shape `[samples, exchanges]` [mmol/gDW/h].

    Raises:
        TableError: No rows, unknown or duplicated columns, text among numbers, or an uptake below zero.
    """
    media = require_rows(media, "media")
    kept = [position for position, name in enumerate(media.columns) if name not in (SAMPLE, KNOCKOUT)]
    names = [str(media.columns[position]) for position in kept]
    if not names:
        raise TableError("`media` names no exchange; expected exchange ids, such as 'EX_glc__D_e'")
    check_exchanges(names, network.require_exchanges(), network.reactions, network.id)
    uptakes = numeric_values(media.iloc[:, kept])
    check_uptakes(names, uptakes)
    return names, uptakes


def media_bounds(network: MetabolicNetwork, media: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of every flux, shape `[samples, reactions]` [mmol/gDW/h]; knockouts are closed.

    Raises:
        TableError: As `simulate_fluxes`.
    """
    lower, upper = network.uptake_bounds(*media_values(network, media))
    table_knockouts(network, media).close(lower, upper)
    return lower, upper


def collect_solutions(
    network: MetabolicNetwork, index: pd.Index, fluxes: np.ndarray, status: Sequence[str], method: str
) -> FluxSolutions:
    """Arrays of fluxes, shape `[samples, reactions]` [mmol/gDW/h], and statuses as `FluxSolutions`."""
    table = pd.DataFrame(fluxes, index=index, columns=list(network.reactions))
    return FluxSolutions(
        table, pd.Series(list(status), index=index, name="status", dtype=object), table[network.growth_reaction], method
    )


def warn_unsolved(status: pd.Series) -> None:
    """Count, in one warning, the media without an optimum; silent if there are none."""
    unsolved = Counter(str(text).partition(":")[0] for text in status if text != OPTIMAL)
    if unsolved:
        verbs = {"failed": "failed"}
        counts = ", ".join(
            f"{count} of {len(status)} media {verbs.get(kind, f'are {kind}')}" for kind, count in unsolved.items()
        )
        warnings.warn(f"{counts}; their rows are NaN", stacklevel=3)
