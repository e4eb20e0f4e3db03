"""Tell numbers that stand for "not measured" (-999, 1000, -1, 0 in every row) from measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from metagnn.datasets.rates.column_header import BIOMASS, TIME
from metagnn.datasets.rates.rate_columns import MeasuredColumn
from metagnn.datasets.rates.rate_table import SMALLEST_STD, RateTable
from metagnn.datasets.rates.sentinel import Sentinel
from metagnn.network.exchange_search import CO2, INORGANIC_CARBON, OXYGEN, exchanged_formulas
from metagnn.network.network_like import NetworkLike, as_network

LARGE_CODES = (99.0, 999.0, 9999.0, 99999.0, 999999.0, 999.9, 9999.9, 1000.0, 10000.0, 100000.0, 1000000.0)
"""Sizes of numbers that programs and people write for "not measured", with either sign."""

NEGATIVE_CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0)
"""Numbers that are written for it where only positive ones can be."""

FAR = 10.0
"""Size of a code over that of the largest other value of its column from which it is no measurement."""

FAR_REPEATED = 20.0
"""The same for a number that is no code, but is repeated to the last digit."""

OPPOSITE = 2.0
"""Size of the smallest other value over that of a negative code, where a column is signed by convention."""

LARGEST_FLUX, LARGEST_GROWTH = 500.0, 10.0
"""Specific rates that no cell reaches [mmol/gDW/h] and [1/h]."""


def find_codes(values: np.ndarray, positive: bool = False, largest: float = np.inf) -> tuple[np.ndarray, str]:
    """Find the numbers of a column that stand for "not measured".

    A code is told from a measurement by the rest of its column: it is ten times larger than any other value, or
    negative where the others are positive.

    Args:
        values: A column, or the columns of replicates, NaN where there is none.
        positive: Whether only positive numbers make sense: an uptake or a formation in words, growth, a concentration.
        largest: Size that no measurement reaches.

    Returns:
        Which numbers are codes, of the shape of `values`, and the reason in words.
    """
    codes = np.zeros(values.shape, dtype=bool)
    known, size = np.isfinite(values), np.abs(values)
    large = known & np.isin(size, LARGE_CODES)
    others = values[known & ~large]
    if large.any():
        several = large.sum() > 1 and len(np.unique(values[large])) == 1
        far = size > FAR * np.abs(others).max() if others.size else np.full(values.shape, several)
        codes |= large & (far | (size > largest))
    negative = known & ~codes & np.isin(values, NEGATIVE_CODES)
    rest = values[known & ~codes & ~negative]
    if negative.any() and rest.size:
        if positive:
            codes |= negative & bool((rest >= 0).all() and (rest > 0).any())
        elif rest.size > 1:
            codes |= negative & bool((rest > 0).all()) & (OPPOSITE * size < rest.min())
    elif negative.any() and positive and negative.sum() > 1 and len(np.unique(values[negative])) == 1:
        codes |= negative
    if codes.any():
        return codes, _apart_from(values[known & ~codes])
    repeated, count = np.unique(values[known], return_counts=True)
    for value in repeated[count > 1]:
        rest = values[known & (values != value)]
        if len(np.unique(rest)) > 1 and abs(value) > FAR_REPEATED * np.abs(rest).max():
            return known & (values == value), _apart_from(rest)
    return codes, ""


def _apart_from(others: np.ndarray) -> str:
    reason = "a placeholder, not a measurement"
    if not others.size:
        return reason
    return f"{reason} (the others lie between {others.min():.4g} and {others.max():.4g})"


def described_codes(
    column: str, values: np.ndarray, codes: np.ndarray, reason: str
) -> list[tuple[Sentinel, list[int]]]:
    """One sentinel for every number that is a code, and the rows that hold it.

    Args:
        column: Header of the column.
        values: The column, or the columns of replicates, shape `[rows]` or `[rows, replicates]`.
        codes: As `find_codes`.
        reason: As `find_codes`.
    """
    found = []
    for value in np.unique(values[codes]):
        rows = np.flatnonzero((codes & (values == value)).reshape(len(values), -1).any(axis=1)).tolist()
        found.append((Sentinel(column, float(value), (), reason), rows))
    return found


def column_codes(
    column: MeasuredColumn, values: np.ndarray, growth: str, series: bool
) -> tuple[np.ndarray, list[tuple[Sentinel, list[int]]]]:
    """Find the codes of a column as it stands in the table, and describe them.

    Args:
        column: How it is read.
        values: Its values, or those of its replicates, in its own units, shape `[rows, replicates]`.
        growth: The growth reaction.
        series: Whether the table is a time series, whose times and biomass must be complete.
    """
    if column.header.kind == TIME or (series and column.header.kind == BIOMASS):
        return np.zeros(values.shape, dtype=bool), []
    largest = {"growth": LARGEST_GROWTH, "specific": LARGEST_FLUX}.get(column.quantity, np.inf) / abs(column.factor)
    codes, reason = find_codes(values, not column.signed or column.reaction == growth, largest)
    return codes, described_codes(column.header.text, values, codes, reason)


def placed(found: Sequence[tuple[Sentinel, list[int]]], samples: Sequence[str]) -> tuple[Sentinel, ...]:
    """Sentinels with the names of the samples that hold them; with rows where the table has no samples.

    Args:
        found: Sentinels and their rows.
        samples: Names of the rows; empty for a time series.
    """
    return tuple(
        replace(sentinel, samples=tuple(samples[row] if samples else f"row {row}" for row in rows))
        for sentinel, rows in found
    )


def without_sentinels(network: NetworkLike, table: RateTable) -> RateTable:
    """Take numbers that stand for "not measured" out of a table of rates, and list them.

    Besides codes, a column that is zero in every row: where growth is positive and the zero would leave it without any
    source of carbon, of nitrogen, or without what takes up its electrons. Other zeros are measurements of none.
    Tables that were cleaned before stay as they are.

    Args:
        network: The network.
        table: The table.
    """
    network = as_network(network)
    rates, found = table.rates.copy(), list(table.sentinels)
    headers = {column.reaction: column.column for column in table.columns if column.reaction}
    for position, name in enumerate(table.reactions):
        growth = name == network.growth_reaction
        column = rates[:, position]
        codes, reason = find_codes(column, growth, LARGEST_GROWTH if growth else LARGEST_FLUX)
        for sentinel, rows in described_codes(headers.get(name, name), column, codes, reason):
            samples = tuple(table.samples[row] for row in rows)
            found.append(replace(sentinel, samples=samples if len(rows) < len(column) else ()))
        rates[codes, position] = np.nan
    seen = {sentinel.column for sentinel in found}
    for name in _zero_columns(table.reactions, rates):
        header = headers.get(name, name)
        reason, kept = _zero_reason(network, table.reactions, rates, name)
        # One row of zeros for what was not formed needs no comment.
        if header not in seen and name != network.growth_reaction and not (kept and len(rates) == 1):
            found.append(Sentinel(header, 0.0, (), reason, kept))
            if not kept:
                rates[:, table.reactions.index(name)] = np.nan
    if len(found) == len(table.sentinels):
        return table
    deviations = np.where(np.isnan(rates), np.nan, table.deviations)
    return replace(table, rates=rates, deviations=deviations, sentinels=tuple(found))


def _zero_columns(reactions: Sequence[str], rates: np.ndarray) -> list[str]:
    known = np.isfinite(rates)
    zero = known.any(axis=0) & (np.where(known, rates, 0.0) == 0).all(axis=0)
    return [name for name, nothing in zip(reactions, zero.tolist(), strict=True) if nothing]


def _zero_reason(network: NetworkLike, reactions: Sequence[str], rates: np.ndarray, name: str) -> tuple[str, bool]:
    """Why zero in every row is no measurement, or why it may be one, and whether it is kept."""
    network = as_network(network)
    formulas = exchanged_formulas(network, [one for one in reactions if one != network.growth_reaction])
    flows = {one: np.nan_to_num(rates[:, place]) for place, one in enumerate(reactions)}
    grows = (flows.get(network.growth_reaction, np.zeros(1)) > 0).any()
    atoms = formulas.get(name) or {}
    nutrient = name in network.medium()
    for element, word in (("C", "carbon"), ("N", "nitrogen")):
        sources = [one for one, held in formulas.items() if (held or {}).get(element) and held not in INORGANIC_CARBON]
        fed = any((flows[one] < -SMALLEST_STD).any() for one in sources)
        if grows and nutrient and atoms.get(element) and atoms not in INORGANIC_CARBON and not fed:
            return f"a placeholder, not a measurement: growth needs {word}, and nothing else brings it", False
    if grows and atoms == OXYGEN:
        burnt = any((flows[one] > SMALLEST_STD).any() for one, held in formulas.items() if held == CO2)
        products = [one for one, held in formulas.items() if (held or {}).get("C") and held != CO2]
        acceptors = [one for one, held in formulas.items() if held and not held.get("C") and held.get("O", 0) > 2]
        reduced = any((flows[one] > SMALLEST_STD).any() for one in products) or any(
            (flows[one] < -SMALLEST_STD).any() for one in acceptors
        )
        if burnt and not reduced:
            return "a placeholder, not a measurement: CO2 is formed, and nothing else takes up the electrons", False
    return "", True
