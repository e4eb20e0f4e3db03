"""The kinds of inputs, by name: the one table that a new kind is entered in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from metagnn.errors import InputError, unknown_name
from metagnn.inputs.concentration import Concentration
from metagnn.inputs.kind import AbstractInputKind
from metagnn.inputs.max_uptake import MaxUptake
from metagnn.inputs.present import Present
from metagnn.inputs.rates import Rates
from metagnn.network.conditions import Conditions
from metagnn.network.network_like import NetworkLike, as_network

KINDS: dict[str, AbstractInputKind] = {kind.name: kind for kind in (MaxUptake(), Rates(), Present(), Concentration())}


def input_kind(name: str) -> AbstractInputKind:
    """The kind of a name.

    Raises:
        InputError: Naming the valid choices.
    """
    if name not in KINDS:
        raise InputError("`inputs`: " + unknown_name(str(name), KINDS, "kind of input"))
    return KINDS[name]


def read_conditions(
    network: NetworkLike, table: pd.DataFrame, kind: str, expected: Sequence[str] | None = None
) -> Conditions:
    """Read a table of inputs, one row a sample.

    Args:
        network: The network.
        table: What the kind takes; a column `sample` is left out.
        kind: One of `metagnn.choices.INPUTS`.
        expected: Exchanges that the table must name, in any order; None takes them as they come.

    Raises:
        InputError: An unknown kind.
        TableError: No rows, a column that is unknown, duplicated, no exchange, missing or not expected, text among
            numbers, or a value that the kind refuses.
    """
    return input_kind(kind).read(as_network(network), table, expected)
