"""Simulate fluxes of many media: FBA, parsimonious FBA, minimum-norm FBA."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from metagnn.errors import TableError
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.label_chunks import LabelTask, label_chunks, split_rows
from metagnn.files.flux_columns import flux_columns
from metagnn.files.table_values import numeric_values, table_knockouts
from metagnn.network.knockout import KNOCKOUT
from metagnn.network.medium import check_exchanges, check_uptakes
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.vocabulary.named_exchanges import resolved
from metagnn.optimize.linear_program import OPTIMAL
from metagnn.progress import Report, reported

SAMPLE = "sample"
"""Column that names the rows of a table."""


def simulate_fluxes(
    network: NetworkLike,
    media: pd.DataFrame,
    method: str = "min_norm",
    *,
    jobs: int | None = None,
    progress: bool | Report | None = None,
) -> FluxSolutions:
    """Simulate the fluxes of many media.

    All methods give the same growth but different fluxes, each depending on its medium alone. "fba" returns one of many
    optima; "pfba" minimises total flux Σ|v|, and Σv² among those; "min_norm" minimises Σv²: use it for labels.

    Solvers stay in memory from one medium to the next. Use several `jobs` for many media on a large network; inside
    `with joblib.parallel_config("dask"):` the same call runs on a Dask cluster (extra `distributed`).

    Args:
        network: The network.
        media: One row per medium; columns are exchanges or substances (ids of any scheme, names such as "glucose"),
            values the largest uptake ≥ 0 [mmol/gDW/h]. Other exchanges keep the network's bounds. Labels, such as
            `sample`, are left out; a column `knockout` names missing reactions or genes, separated by ";", "," or
            spaces.
        method: "min_norm", "pfba" or "fba".
        jobs: Worker processes; by default the number from `joblib.parallel_config`, else only this process.
        progress: Whether to show a progress bar; by default on a terminal and in a notebook, for work of more than a
            second. A callable receives the number of media done and their total instead.

    Returns:
        One row per medium; NaN and a status if there is no optimum. A warning counts those.

    Raises:
        InputError: The method is unknown, `jobs` is below 1, or `media` is not a DataFrame.
        NetworkError: There is no growth reaction, or there are no exchanges.
        TableError: There are no rows; a column is unknown, ambiguous or duplicated; a value is text or negative; or a
            knockout is unknown.
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
    """Return the names of a table's exchanges and its uptakes, shape `[samples, exchanges]` [mmol/gDW/h].

    Raises:
        TableError: There are no rows; a column is unknown or duplicated; or a value is text or negative.
    """
    media = flux_columns(media, "media")
    kept = [position for position, name in enumerate(media.columns) if name != KNOCKOUT]
    names = [str(media.columns[position]) for position in kept]
    if not names:
        raise TableError("`media` names no exchange; expected exchange ids, such as 'EX_glc__D_e'")
    network.require_exchanges()
    names = resolved(network, names)
    check_exchanges(names, network.exchanges, network.reactions, network.id)
    uptakes = numeric_values(media.iloc[:, kept])
    check_uptakes(names, uptakes)
    return names, uptakes


def media_bounds(network: MetabolicNetwork, media: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of every flux, shape `[samples, reactions]` [mmol/gDW/h]; knockouts are closed.

    Raises:
        TableError: As for `simulate_fluxes`.
    """
    lower, upper = network.uptake_bounds(*media_values(network, media))
    table_knockouts(network, media).close(lower, upper)
    return lower, upper


def collect_solutions(
    network: MetabolicNetwork, index: pd.Index, fluxes: np.ndarray, status: Sequence[str], method: str
) -> FluxSolutions:
    """Combine fluxes, shape `[samples, reactions]` [mmol/gDW/h], and statuses into `FluxSolutions`."""
    table = pd.DataFrame(network.own_fluxes(fluxes), index=index, columns=list(network.own_reactions))
    return FluxSolutions(
        table, pd.Series(list(status), index=index, name="status", dtype=object), table[network.growth_reaction], method
    )


def warn_unsolved(status: pd.Series) -> None:
    """Warn with the number of media without an optimum; silent if there are none."""
    unsolved = Counter(str(text).partition(":")[0] for text in status if text != OPTIMAL)
    if unsolved:
        verbs = {"failed": "failed"}
        counts = ", ".join(
            f"{count} of {len(status)} media {verbs.get(kind, f'are {kind}')}" for kind, count in unsolved.items()
        )
        warnings.warn(f"{counts}; their rows are NaN", stacklevel=3)
