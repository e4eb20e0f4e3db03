"""Tables of media, measured rates and targets as tensors over the reactions of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from metagnn._typing import Fluxes
from metagnn.errors import InputError, TableError, unknown_name
from metagnn.files.table_values import numeric_values, require_rows, table_knockouts
from metagnn.network.knockout import KNOCKOUT
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

KINDS = ("max_uptake", "rates")
"""What inputs are: the largest uptake of every exchange, or measured signed exchange rates."""

NOT_DATA = ("sample", "status")
"""Columns of a table that say something about a row and are no reaction."""

GROWTH = "growth"
"""What a table of observed fluxes may call the growth reaction, as tables of measured rates do."""

STD = "_std"
RELATIVE_NOISE = 0.05
SMALLEST_STD = 0.01
"""Standard deviation of a measured rate where none is given: 5 %, and at least 0.01 mmol/gDW/h."""

WINDOW = 4.0
"""Standard deviations around a measured rate that the bounds are widened to hold."""


@dataclass(frozen=True)
class Conditions:
    """What the model is told about every sample; tensors of shape `[samples, reactions]`, float64 [mmol/gDW/h].

    Attributes:
        exchanges: Exchanges that the table names, in its order.
        lower: Lower bounds.
        upper: Upper bounds.
        measured: Measured rates, NaN where there is none; None for `max_uptake`.
        deviation: Their standard deviations; None for `max_uptake`.
    """

    exchanges: tuple[str, ...]
    lower: Fluxes
    upper: Fluxes
    measured: Fluxes | None = None
    deviation: Fluxes | None = None


def check_kind(kind: str) -> None:
    """Raise unless inputs are "max_uptake" or "rates".

    Raises:
        InputError: Naming the valid choices.
    """
    if kind not in KINDS:
        raise InputError("`inputs`: " + unknown_name(str(kind), KINDS, "kind of input"))


def read_conditions(
    network: NetworkLike, table: pd.DataFrame, kind: str, expected: Sequence[str] | None = None
) -> Conditions:
    """Read a table of media or of measured rates.

    Args:
        network: The network.
        table: One row a sample. For "max_uptake", columns are exchanges and values largest uptakes ≥ 0. For
            "rates", values are signed fluxes (uptake below zero), NaN where nothing was measured, and `<id>_std`
            holds standard deviations; 5 % (at least 0.01) are assumed where it is missing. A column `sample` is
            left out. For "max_uptake", a column `knockout` names the reactions or genes that a sample goes without,
            separated by ";".
        kind: "max_uptake" or "rates".
        expected: Exchanges that the table must name, in any order; None takes them as they come.

    Raises:
        TableError: No rows, a column that is unknown, duplicated, no exchange, missing or not expected, text among
            numbers, an uptake that is negative, NaN or infinite, a rate that is infinite, a standard deviation
            that is not positive, or a knockout that is unknown or comes with rates.
    """
    network = as_network(network)
    check_kind(kind)
    table = require_rows(table, "inputs")
    knockouts = table_knockouts(network, table)
    if kind == "rates" and KNOCKOUT in table.columns:
        raise TableError(f"column {KNOCKOUT!r} comes with measured rates; expected it with inputs of 'max_uptake' only")
    table = table.loc[:, [name not in (*NOT_DATA, KNOCKOUT) for name in table.columns]]
    spreads = [str(name) for name in table.columns if kind == "rates" and str(name).endswith(STD)]
    names = [str(name) for name in table.columns if str(name) not in spreads]
    if not names:
        raise TableError("`inputs` names no exchange; expected exchange ids, such as 'EX_glc__D_e'")
    check_exchanges(names, network.require_exchanges(), network.reactions, network.id)
    for name in spreads:
        if name.removesuffix(STD) not in names or spreads.count(name) > 1:
            raise TableError(f"column {name!r} holds standard deviations; expected one for each of {', '.join(names)}")
    if expected is not None:
        _check_expected(names, expected)
    values = numeric_values(table.loc[:, [str(name) not in spreads for name in table.columns]])
    if kind == "max_uptake":
        lower, upper = network.uptake_bounds(names, values)
        knockouts.close(lower, upper)
        return Conditions(tuple(names), torch.from_numpy(lower), torch.from_numpy(upper))
    given = dict(zip(spreads, numeric_values(table[spreads]).T, strict=True)) if spreads else {}
    return _rate_conditions(network, names, values, given)


def read_targets(network: NetworkLike, targets: pd.DataFrame, index: pd.Index) -> Fluxes:
    """Read a table of observed fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where nothing was observed.

    Args:
        network: The network.
        targets: Any subset of the reactions as columns, of which `growth` may name that of growth; `sample` and
            `status` are left out.
        index: Index of the inputs, which the targets must share.

    Raises:
        NetworkError: A column is no reaction; the nearest are given.
        TableError: Other rows than the inputs, duplicated columns, text among numbers, an infinite value, or
            nothing observed at all.
    """
    network = as_network(network)
    targets = require_rows(targets, "targets")
    if not targets.index.equals(index):
        raise TableError(
            f"`targets` has other rows than `inputs` ({len(targets)} and {len(index)}); expected the same index"
        )
    targets = targets.loc[:, [name not in NOT_DATA for name in targets.columns]]
    positions = [_position(network, str(name)) for name in targets.columns]
    for position in positions:
        if positions.count(position) > 1:
            raise TableError(f"`targets` names {network.reactions[position]!r} more than once; expected one column")
    values = numeric_values(targets)
    if np.isinf(values).any():
        raise TableError("`targets` holds an infinite value; expected numbers, or NaN where nothing was observed")
    if np.isnan(values).all():
        raise TableError(
            "`targets` observes nothing: every value is NaN; expected at least some fluxes or growth rates"
        )
    observed = np.full((len(targets), len(network.reactions)), np.nan)
    observed[:, positions] = values
    return torch.from_numpy(observed)


def _position(network: MetabolicNetwork, name: str) -> int:
    if name == GROWTH and GROWTH not in network.reactions:
        name = network.growth_reaction
    return network.reaction_index(name)


def _check_expected(names: Sequence[str], expected: Sequence[str]) -> None:
    missing = [name for name in expected if name not in names]
    extra = [name for name in names if name not in expected]
    if missing or extra:
        parts = [
            f"{what} {', '.join(map(repr, these))}" for what, these in (("lacks", missing), ("adds", extra)) if these
        ]
        raise TableError(f"`inputs` {' and '.join(parts)}; expected the columns of the fit: {', '.join(expected)}")


def _rate_conditions(
    network: MetabolicNetwork, names: Sequence[str], values: np.ndarray, given: dict[str, np.ndarray]
) -> Conditions:
    if np.isinf(values).any():
        column = names[int(np.flatnonzero(np.isinf(values).any(axis=0))[0])]
        raise TableError(f"rate of {column!r} is infinite; expected a number, or NaN where nothing was measured")
    for row in np.flatnonzero(np.isnan(values).all(axis=1))[:1]:
        raise TableError(f"`inputs` has no measured rate in row {row}; expected at least one")
    deviations = np.maximum(RELATIVE_NOISE * np.abs(values), SMALLEST_STD)
    for position, name in enumerate(names):
        spread = given.get(name + STD)
        if spread is not None:
            if (spread <= 0).any() or np.isinf(spread).any():
                raise TableError(f"column {name + STD!r} holds a value that is not positive and finite")
            deviations[:, position] = np.where(np.isnan(spread), deviations[:, position], spread)
    shape = (len(values), len(network.reactions))
    measured, deviation = np.full(shape, np.nan), np.full(shape, np.nan)
    positions = [network.reaction_index(name) for name in names]
    measured[:, positions], deviation[:, positions] = values, deviations
    # What was measured did happen: the bounds make room for it, a closed substrate included.
    lower = np.fmin(network.bounds.lower, measured - WINDOW * deviation)
    upper = np.fmax(network.bounds.upper, measured + WINDOW * deviation)
    return Conditions(tuple(names), *(torch.from_numpy(array) for array in (lower, upper, measured, deviation)))
