"""Tables of media as numbers: which exchanges they name, and how much of each a medium holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError
from metagnn.files.flux_columns import data_columns
from metagnn.files.table_values import flags_as_numbers, numeric_values
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.vocabulary.named_exchanges import resolved

CONCENTRATION, PRESENT = "concentration", "present"

_UNIT = re.compile(r"\s*(?::\s*mM|\[mM\]|\(mM\))$")


@dataclass(frozen=True, eq=False)
class Media:
    """What media hold.

    Attributes:
        exchanges: Exchanges that the table names, in its order.
        values: Concentrations [mM], or 1 and 0, shape `[samples, exchanges]`.
    """

    exchanges: tuple[str, ...]
    values: np.ndarray


def read_media(network: MetabolicNetwork, table: pd.DataFrame, inputs: str) -> Media:
    """Read a table of media.

    Args:
        network: The network.
        table: Columns are exchanges or substances, plain or with the unit, as "EX_glc__D_e:mM"; labels such as
            `sample` are left out.
        inputs: "concentration" [mM] or "present", 1 and 0 or True and False.

    Raises:
        InputError: Something other than a DataFrame.
        TableError: No rows or columns, a column that is no exchange or comes twice, or a value that is missing,
            negative, infinite, or neither 1 nor 0 where presence is meant.
    """
    table = data_columns(table, "media")
    if not len(table.columns):
        raise TableError("`media` names no exchange; expected exchange ids, such as 'EX_glc__D_e'")
    table = table.set_axis([_UNIT.sub("", str(name)) for name in table.columns], axis=1)
    network.require_exchanges()
    names = resolved(network, list(table.columns))
    check_exchanges(names, network.exchanges, network.reactions, network.id)
    values = numeric_values(flags_as_numbers(table) if inputs == PRESENT else table)
    good = np.isin(values, (0.0, 1.0)) if inputs == PRESENT else (values >= 0) & np.isfinite(values)
    for row, column in np.argwhere(~good)[:1]:
        wanted = "1 or 0" if inputs == PRESENT else "a concentration ≥ 0 [mM]"
        raise TableError(
            f"`media`, column {str(table.columns[column])!r}, row {row}: {values[row, column]:g}; expected {wanted}"
        )
    return Media(tuple(names), values)


def read_numbers(table: Any, argument: str, index: pd.Index, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a table of numbers with the rows of an index.

    Args:
        table: A DataFrame or Series with that index in any order, or an array with its rows in order.
        argument: Its name, for messages.
        index: Index of the media.
        columns: Columns that it must have, in any order; None takes them as they come.

    Raises:
        InputError: Another number of rows, or another index.
        TableError: A column that is missing, comes twice, or holds text.
    """
    if isinstance(table, pd.Series):
        table = table.to_frame(str(table.name) if table.name is not None else argument)
    if isinstance(table, pd.DataFrame):
        if not table.index.equals(index):
            if not (table.index.is_unique and index.is_unique and set(table.index) == set(index)):
                raise InputError(f"`{argument}` has another index than `media`; expected the same rows")
            table = table.loc[index]
    else:
        values = np.asarray(table)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or len(values) != len(index):
            raise InputError(f"`{argument}` has shape {np.shape(table)}; expected {len(index)} rows, as `media`")
        names = [f"{argument}_{place}" for place in range(values.shape[1])] if columns is None else list(columns)
        if len(names) != values.shape[1]:
            raise TableError(f"`{argument}` has {values.shape[1]} columns; expected those of the fit: {names}")
        table = pd.DataFrame(values, index=index, columns=names)
    table = table.set_axis([str(name) for name in table.columns], axis=1)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise TableError(f"`{argument}` has column {twice[0]!r} more than once; expected it once")
    if columns is not None:
        if set(columns) != set(table.columns):
            raise TableError(f"`{argument}` has columns {list(table.columns)}; expected those of the fit: {columns}")
        table = table[list(columns)]
    return pd.DataFrame(numeric_values(table), index=index, columns=table.columns)
