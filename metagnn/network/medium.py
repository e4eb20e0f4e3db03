"""Check tables of media: the largest uptake of every named exchange."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from metagnn.errors import TableError, unknown_name


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
