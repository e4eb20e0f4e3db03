"""Read the columns of a table as signed fluxes, whatever they are called."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from metagnn.datasets.rates.column_header import ColumnHeader, parse_header
from metagnn.datasets.rates.rate_columns import MeasuredColumn, measured_column, signed_below_zero
from metagnn.datasets.rates.rate_table import assumed_deviations
from metagnn.errors import TableError
from metagnn.files.table_values import numeric_values
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.vocabulary.header_words import GROWTH, SUBSTANCE, UPTAKE

STD = "_std"
"""Suffix of a column of standard deviations."""

CONTRADICTS = 3.0
"""Assumed standard deviations below zero from which a rate contradicts the direction in its name."""

RATES = ("specific", "growth")


def as_fluxes(network: MetabolicNetwork, table: pd.DataFrame, argument: str) -> pd.DataFrame:
    """Return a table whose columns are reactions and whose values are signed fluxes [mmol/gDW/h], growth [1/h].

    Ids of reactions stay as they are, and so does what is no rate. "glucose uptake", "qGlc", "OUR" or "mu" become the
    reaction, with the sign and the unit that the header gives; without a unit values are mmol/gDW/h or 1/h. A
    direction that no word gives is assumed, and a warning says so; where no value is above zero, and some are below,
    they are signed fluxes, uptake below zero. "_std" marks standard deviations.

    Args:
        network: The network.
        table: Columns of numbers; others are left alone.
        argument: Name of the table, for messages.

    Raises:
        TableError: An ambiguous name, a direction that cannot be told, a unit of something else, two columns for one
            reaction, or a rate against the words of its column.
    """
    ids = frozenset((*network.reactions, *network.aliases))
    names = [str(name) for name in table.columns]
    strange = [position for position, name in enumerate(names) if name.removesuffix(STD) not in ids]
    columns = {position: found for position in strange if (found := _column(network, names[position]))}
    if not columns:
        return table
    renamed, values = list(table.columns), {}
    for position, (header, column) in columns.items():
        renamed[position] = column.reaction + (STD if header.deviation else "")
        if renamed[position] in renamed[:position]:
            other = names[renamed.index(renamed[position])]
            raise TableError(
                f"`{argument}`: columns {other!r} and {names[position]!r} both measure {column.reaction}; expected one"
            )
        read = numeric_values(table.iloc[:, [position]])[:, 0]
        if not header.deviation:
            column = signed_below_zero(network.exchange_names, column, read)
            columns[position] = header, column
            _check_direction(column, read, argument)
        values[position] = read * column.factor * (1.0 if header.deviation else column.sign)
    _tell_assumed([column for header, column in columns.values() if not header.deviation], argument)
    parts = [
        pd.Series(values[position], table.index) if position in values else table.iloc[:, position]
        for position in range(len(names))
    ]
    return pd.concat(parts, axis=1).set_axis(renamed, axis=1)


def _column(network: MetabolicNetwork, name: str) -> tuple[ColumnHeader, MeasuredColumn] | None:
    """What a column measures; None where nothing is known by its name."""
    names = network.exchange_names
    try:
        header = parse_header(name)
    except TableError:
        return None
    known = header.kind == GROWTH or (header.kind == SUBSTANCE and names.knows(header.subject))
    if not known or (header.kind == GROWTH and not network.objective):
        return None
    column = measured_column(network, names, header)
    if column.quantity not in RATES:
        raise TableError(f"column {name!r} is no rate per gDW; expected mmol/gDW/h, or g/gDW/h, and growth in 1/h")
    return header, column


def _check_direction(column: MeasuredColumn, values: np.ndarray, argument: str) -> None:
    limit = CONTRADICTS * assumed_deviations(values, column.header.kind == GROWTH)
    against = np.flatnonzero(values * column.factor < -limit)
    for row in against[:1] if column.direction else ():
        words = column.direction if column.header.direction else f"{column.direction}, as cells do"
        raise TableError(
            f"`{argument}`, column {column.header.text!r}, row {row}: {values[row]:g} runs against its meaning, "
            f"{words}; "
            f"signed fluxes go under {column.reaction!r}, uptake below zero"
        )


def _tell_assumed(columns: list[MeasuredColumn], argument: str) -> None:
    assumed = [
        f"{column.header.text!r} as {'uptake' if column.direction == UPTAKE else 'secretion'} of {column.reaction}"
        for column in columns
        if column.assumed
    ]
    assumed += [
        f"{column.header.text!r}, where no value is above zero, as signed flux of {column.reaction}, uptake below zero"
        for column in columns
        if column.below_zero
    ]
    if assumed:
        warnings.warn(f"`{argument}`: no word gives the direction; read {', '.join(assumed)}", stacklevel=4)
