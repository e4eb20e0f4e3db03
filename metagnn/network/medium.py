"""Media: check the largest uptake of every named exchange, and make bounds of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from metagnn.errors import TableError, unknown_name
from metagnn.network.bounds import FluxBounds


def check_exchanges(names: Sequence[str], exchanges: Collection[str], reactions: Collection[str], network: str) -> None:
    """Raise unless every name is an exchange and none appears twice.

    Args:
        names: Columns of a table of media or rates.
        exchanges: Exchange reactions of the network.
        reactions: All its reactions, to word the message.
        network: Name of the network, for the message.

    Raises:
        TableError: A name is unknown, duplicated, or a reaction that is no exchange.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TableError(f"column {name!r} appears more than once; expected every exchange at most once")
        seen.add(name)
        if name in exchanges:
            continue
        if name in reactions:
            raise TableError(f"column {name!r} is a reaction of {network} but no exchange; expected exchanges only")
        raise TableError("column " + unknown_name(str(name), exchanges, f"exchange of {network}"))


def check_uptakes(names: Sequence[str], uptakes: np.ndarray) -> None:
    """Raise unless every uptake is a finite number of at least zero.

    Args:
        names: Exchanges, in the order of the columns.
        uptakes: Largest uptakes, shape `[samples, exchanges]` [mmol/gDW/h].

    Raises:
        TableError: An uptake is NaN, negative or infinite; the message names the first exchange and row.
    """
    for column, name in enumerate(names):
        values = uptakes[:, column]
        for wrong, what in ((np.isnan(values), "NaN"), (np.isinf(values), "infinite"), (values < 0, "negative")):
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise TableError(
                    f"uptake of {name!r} in row {row} is {what} ({values[row]}); expected a number ≥ 0 "
                    "[mmol/gDW/h], with 0 for a nutrient that is absent"
                )


def bounds_of_uptakes(
    bounds: FluxBounds, columns: Sequence[int], forward: Sequence[bool], uptakes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of every flux for many media; what the media do not name keeps its bounds.

    Args:
        bounds: Bounds of the network.
        columns: Position of every exchange of the media among the reactions.
        forward: Whether positive flux of the exchange is uptake.
        uptakes: Largest uptakes ≥ 0, shape `[samples, exchanges]` [mmol/gDW/h].

    Returns:
        Lower and upper bounds, each of shape `[samples, reactions]` [mmol/gDW/h].
    """
    lower = np.repeat(bounds.lower[None, :], len(uptakes), axis=0)
    upper = np.repeat(bounds.upper[None, :], len(uptakes), axis=0)
    for index, inward, largest in zip(columns, forward, uptakes.T, strict=True):
        if inward:
            upper[:, index] = largest
            lower[:, index] = np.minimum(lower[:, index], largest)
        else:
            lower[:, index] = -largest
            upper[:, index] = np.maximum(upper[:, index], -largest)
    return lower, upper


def without_uptake(bounds: FluxBounds, columns: Sequence[int], forward: Sequence[bool]) -> FluxBounds:
    """Return bounds that close some exchanges for uptake; a forced secretion stays, as in cobra.

    Args:
        bounds: Bounds of the network.
        columns: Position of every exchange among the reactions.
        forward: Whether positive flux of the exchange is uptake.
    """
    closed = {}
    for index, inward in zip(columns, forward, strict=True):
        low, high = bounds.lower[index], bounds.upper[index]
        closed[index] = (low, min(high, 0.0)) if inward else (max(low, 0.0), max(high, low, 0.0))
    return bounds.replace(closed)
