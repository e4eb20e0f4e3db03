"""Targets: the observed fluxes of samples, their weights, and the alignment of their rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.datasets.rates.flux_table import STD, as_fluxes
from metagnn.errors import TableError
from metagnn.files.flux_columns import data_columns, without_units
from metagnn.files.table_values import numeric_values
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

GROWTH = "growth"
"""Name of the growth reaction in a table of observed fluxes, as in tables of measured rates."""

MOST_NAMED = 3
"""Most rows that a message names."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Observed fluxes; both of shape `[samples, reactions]`.

    Attributes:
        observed: Fluxes [mmol/gDW/h], NaN where not observed.
        weight: Weight ≥ 0 of every flux; None weighs all equally.
    """

    observed: Fluxes
    weight: Tensor | None


def read_targets(
    network: NetworkLike, targets: pd.DataFrame | pd.Series, index: pd.Index, sample_weight: Any = None
) -> Targets:
    """Read a table of observed fluxes.

    Rows are put in the order of the inputs by their labels, with a warning. Standard deviations weigh the observations
    of a flux against each other by 1/σ², scaled to an average of one; an observation without one has weight one.

    Args:
        network: The network.
        targets: Any reactions as columns, or rates by name as `read_rates` reads them, such as `growth`, `mu` or `CER`;
            `<id>_std` holds standard deviations. Labels, such as `sample`, are left out. A Series is the reaction of
            its name, or growth.
        index: Index of the inputs; the targets must have the same labels.
        sample_weight: Weight ≥ 0 of every row, shape `[samples]`; all equal by default.

    Raises:
        NetworkError: A column is not a reaction; the message suggests the nearest.
        TableError: The rows differ from those of the inputs, a column is duplicated, a name may be several, a rate runs
            against the words of its column, a value is text or infinite, a standard deviation is not positive or has
            no column, weights cannot be used, or nothing is observed.
    """
    network = as_network(network)
    if isinstance(targets, pd.Series):
        targets = targets.to_frame(GROWTH if targets.name is None else targets.name)
    targets = as_fluxes(network, data_columns(targets, "targets"), "targets")
    targets = align_rows(without_units(targets), index, "targets")
    is_spread = [_is_spread(network, str(name)) for name in targets.columns]
    fluxes, spreads = targets.loc[:, [not it for it in is_spread]], targets.loc[:, is_spread]
    positions = [_position(network, str(name)) for name in fluxes.columns]
    for position in positions:
        if positions.count(position) > 1:
            raise TableError(f"`targets` names {network.reactions[position]!r} more than once; expected one column")
    values = numeric_values(fluxes)
    if np.isinf(values).any():
        raise TableError("`targets` holds an infinite value; expected numbers, or NaN where nothing was observed")
    if np.isnan(values).all():
        raise TableError("`targets` has no observed value: all are NaN; expected at least some fluxes or growth rates")
    observed = np.full((len(targets), len(network.reactions)), np.nan)
    observed[:, positions] = values
    weights = _row_weights(sample_weight, index)
    if len(spreads.columns):
        weights = np.ones(len(index)) if weights is None else weights
        weights = weights[:, None] * _precisions(network, spreads, observed)
    elif weights is not None:
        weights = np.repeat(weights[:, None], observed.shape[1], axis=1)
    return Targets(torch.from_numpy(observed), None if weights is None else torch.from_numpy(weights))


def align_rows(table: pd.DataFrame, index: pd.Index, name: str) -> pd.DataFrame:
    """Return the rows of a table in the order of an index; warn if the order changes.

    Args:
        table: The table.
        index: The index of the inputs.
        name: Name of the argument, for messages.

    Raises:
        TableError: The table has other rows.
    """
    if table.index.equals(index):
        return table
    if (
        len(table) == len(index)
        and index.is_unique
        and table.index.is_unique
        and not len(index.difference(table.index))
    ):
        warnings.warn(
            f"`{name}` has the rows of `inputs` in another order; they were aligned by their labels", stacklevel=5
        )
        return table.reindex(index)
    missing = [repr(label) for label in index.difference(table.index)][:MOST_NAMED]
    lacks = f", and lacks {', '.join(missing)}" if missing else ""
    raise TableError(
        f"`{name}` has other rows than `inputs` ({len(table)} and {len(index)}){lacks}; expected the same index"
    )


def _is_spread(network: MetabolicNetwork, name: str) -> bool:
    return name.endswith(STD) and name not in network.reactions


def _position(network: MetabolicNetwork, name: str) -> int:
    if name == GROWTH and GROWTH not in network.reactions:
        name = network.growth_reaction
    return network.reaction_index(name)


def _row_weights(sample_weight: Any, index: pd.Index) -> np.ndarray | None:
    if sample_weight is None:
        return None
    if isinstance(sample_weight, pd.Series):
        sample_weight = align_rows(sample_weight.to_frame("weight"), index, "sample_weight")["weight"]
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (len(index),):
        raise TableError(f"`sample_weight` has shape {weights.shape}; expected one weight a row, ({len(index)},)")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise TableError("`sample_weight` must be finite and ≥ 0, and not zero in every row")
    return weights


def _precisions(network: MetabolicNetwork, spreads: pd.DataFrame, observed: np.ndarray) -> np.ndarray:
    """Return weights 1/σ² of the observations, scaled to an average of one per column, shape `[samples, reactions]`."""
    weights = np.ones(observed.shape)
    seen: Sequence[str] = [str(name) for name in spreads.columns]
    for name, spread in zip(seen, numeric_values(spreads).T, strict=True):
        position = _position(network, name.removesuffix(STD))
        if np.isnan(observed[:, position]).all() or seen.count(name) > 1:
            raise TableError(f"column {name!r} holds standard deviations; expected one beside {name[:-4]!r}")
        if (spread <= 0).any() or np.isinf(spread).any():
            raise TableError(f"column {name!r} holds a value that is not positive and finite")
        known = ~np.isnan(spread) & ~np.isnan(observed[:, position])
        precision = spread[known] ** -2.0
        weights[known, position] = precision / precision.mean() if known.any() else 1.0
    return weights
