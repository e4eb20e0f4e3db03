"""Describe in words how every column was read."""

from __future__ import annotations

from metagnn.datasets.rates.rate_columns import MeasuredColumn, RateColumns
from metagnn.datasets.rates.rate_table import DILUTION_NOISE, RateColumn
from metagnn.network.vocabulary.header_words import BIOMASS, DILUTION, RQ, TIME


def direction_in_words(column: MeasuredColumn) -> str:
    """Name the direction of a column: uptake, secretion or signed."""
    if column.below_zero:
        return "signed flux (assumed: no value > 0)"
    if column.signed:
        return "signed flux"
    return column.header.direction or f"{column.direction} (assumed)"


def describe(column: MeasuredColumn, columns: RateColumns, growth: str, noise: float) -> RateColumn:
    """Describe how a column was read.

    Args:
        column: The column.
        columns: All columns of the file.
        growth: The growth reaction.
        noise: Relative standard deviation that is assumed where the file gives none.
    """
    header, kind = column.header, column.header.kind
    unit = header.unit.text if header.unit else "–"
    noise = DILUTION_NOISE if kind == DILUTION else noise
    deviation = column.deviation or (
        f"{len(column.columns)} replicates" if len(column.columns) > 1 else f"{100 * noise:g} % (assumed)"
    )
    text = ", ".join(column.columns)
    if kind == TIME:
        return RateColumn(text, "time", unit, "")
    if kind == BIOMASS:
        return RateColumn(text, "biomass", unit, f"× {column.factor:g} gDW/L", deviation)
    if kind == RQ:
        return RateColumn(text, "CO2 evolved per O2 taken up", unit, "× the measured gas", deviation)
    if kind == DILUTION and growth in columns.rates:
        return RateColumn(text, "dilution rate", unit, "", deviation)
    if column.reaction == growth:
        meaning = "growth (chemostat)" if kind == DILUTION else "growth"
        return RateColumn(text, meaning, unit, f"× {column.factor:g} 1/h", deviation, column.reaction)
    weight = f"; {column.molar:.2f} g/mol" if column.molar else ""
    if column.quantity == "concentration":
        meaning = f"concentration in the {header.place or 'broth'}"
        how = "slope of a smoothing spline / X" if TIME in columns.others else "D (c − c_feed) / X"
        return RateColumn(text, meaning, unit, how + weight, deviation, column.reaction)
    per = " / X" if column.quantity == "volumetric" else ""
    how = f"× {column.factor * column.sign:.5g}{per}{weight}"
    return RateColumn(text, direction_in_words(column), unit, how, deviation, column.reaction)
