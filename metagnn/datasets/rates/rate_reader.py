"""Read tables of measured rates: parse the header once, then read the rows whole or in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from metagnn.datasets.rates.column_descriptions import describe, direction_in_words
from metagnn.datasets.rates.conversions import Measured, batch_rates, chemostat_rate, per_biomass, replicate_error
from metagnn.datasets.rates.inner_fluxes import empty_deviations
from metagnn.datasets.rates.plausible_size import require_plausible_cells, require_plausible_rates
from metagnn.datasets.rates.rate_columns import MeasuredColumn, read_columns, signed_below_zero
from metagnn.datasets.rates.rate_table import (
    DILUTION_NOISE,
    LEAST_GROWTH,
    NOISE,
    SMALLEST_DILUTION_STD,
    RateColumn,
    RateTable,
    assumed_deviations,
)
from metagnn.datasets.rates.sentinel import Sentinel
from metagnn.datasets.rates.sentinels import column_codes, placed, without_sentinels
from metagnn.errors import InputError, TableError
from metagnn.files.table_format import is_label
from metagnn.files.table_values import numeric_values, require_rows
from metagnn.network.exchange_search import CO2, OXYGEN, exchanged_formulas, find_exchanges
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.vocabulary.header_words import BIOMASS, DILUTION, RQ, SECRETION, TIME, UPTAKE

SIGN_WINDOW = 3.0
"""A rate this many standard deviations below zero contradicts its direction."""

SMALLEST = 1e-9
"""Smallest standard deviation of a rate [mmol/gDW/h]: no weight becomes infinite."""


class RateReader:
    """Parses the header of a table of measured rates, and turns its rows into signed fluxes.

    The header of a column gives a name (BiGG id, name or formula of a substance; `qO2`, `OUR`, `CER`,
    `RQ`; `growth`, `mu`, `dilution_rate`), a direction (uptake, formation, …), and a unit, as in
    `glucose_uptake_g_per_gDW_h` or `CER [mmol/L/h]`. The ending `_std` marks standard deviations, `_rep1` a replicate.

    Args:
        network: The network.
        columns: Headers of the table.
        units: By header: its unit, a header to read in its place, or "ignore".
        noise: Relative standard deviation to assume where the table gives none.

    Raises:
        TableError: As `read_columns`.
        InputError: A noise that is not positive.
    """

    def __init__(
        self,
        network: NetworkLike,
        columns: Sequence[str],
        units: Mapping[str, str] | None = None,
        noise: float = NOISE,
    ) -> None:
        if not 0 < noise < np.inf:
            raise InputError(f"`noise` is {noise}; expected a relative standard deviation above 0, such as 0.05")
        network = as_network(network)
        self._network, self._noise = network, noise
        self._growth = network.growth_reaction
        self._columns = read_columns(network, columns, _by_header(units or {}, columns))
        self._labels = [name for name in columns if is_label(name) and name not in ("sample", "status")]
        self._undecided = {name for name, column in self._columns.rates.items() if column.assumed}
        self._seen: set[int] = set()
        self._codes: list[tuple[Sentinel, list[int]]] = []
        self._rows = 0
        self.series = TIME in self._columns.others
        """Whether the table is a time series; it must be read as a whole."""

    def __repr__(self) -> str:
        return f"RateReader({self._network.id!r}, {len(self._columns.all)} quantities)"

    def column_descriptions(self) -> tuple[RateColumn, ...]:
        """Describe how every column is read."""
        rows = [describe(column, self._columns, self._growth, self._noise) for column in self._columns.all]
        ignored = [RateColumn(name, "ignored, as the map says", "", "") for name in self._columns.ignored]
        lacking = f"left out: {self._network.id} has no such reaction"
        foreign = [RateColumn(name, lacking, "", "") for name in self._columns.foreign]
        return (*rows, *ignored, *foreign, *(RateColumn(name, "label", "", "") for name in self._labels))

    def read(self, table: pd.DataFrame) -> RateTable:
        """Read rows as rates.

        Args:
            table: Rows with the columns of the header; pass the chunks of one table in their order.

        Raises:
            TableError: No rows, text among numbers, a column without any value, a deviation that is not positive, a
                sample that appears twice, a rate that contradicts its direction or the sign of rows before, biomass
                that is not positive, or a row without any rate.
        """
        table = require_rows(table, "rates")
        self._decide_signs(table)
        self._codes = []
        values = {column.header.text: self._values(table, column) for column in self._columns.all}
        samples = self._samples(table)
        if self.series:
            samples, rates = self._batches(table, values)
        else:
            rates = self._rates(values)
        rates |= self._from_quotient(values, rates)
        names = tuple(rates)
        numbers = np.column_stack([rates[name][0] for name in names])
        deviations = np.column_stack([rates[name][1] for name in names])
        for row in np.flatnonzero(np.isnan(numbers).all(axis=1))[:1]:
            raise TableError(f"sample {samples[row]!r} has no measured rate; expected at least one")
        require_plausible_rates(samples, names, numbers, deviations)
        deviations = np.where(np.isnan(numbers), np.nan, np.maximum(deviations, SMALLEST))
        self._rows += len(table)
        sentinels = placed(self._codes, () if self.series else samples)
        # A time series has rows of its own order, several a batch.
        texts = {} if self.series else {name: _texts(table[name]) for name in self._labels}
        columns = self.column_descriptions()
        return without_sentinels(
            self._network, RateTable(samples, names, numbers, deviations, columns, sentinels, texts)
        )

    def _decide_signs(self, table: pd.DataFrame) -> None:
        """Tell signed fluxes by the first rows that hold any but zero, in columns without a word for the direction."""
        for name in sorted(self._undecided):
            column = self._columns.rates[name]
            values = numeric_values(table[list(column.columns)], self._rows)
            codes, _ = column_codes(column, values, self._growth, self.series)
            values = np.where(codes, 0.0, values)
            self._columns.rates[name] = signed_below_zero(self._network.exchange_names, column, values)
            if np.nan_to_num(values).any():
                self._undecided.discard(name)

    def _samples(self, table: pd.DataFrame) -> tuple[str, ...]:
        """Names of the samples; they must differ, except in a time series, where they name batches."""
        if "sample" not in table.columns:
            return tuple(str(self._rows + row) for row in range(len(table)))
        names = _texts(table["sample"])
        for row, name in enumerate(names if not self.series else ()):
            # Hashes take less memory than names; a table may have a million rows.
            if hash(name) in self._seen:
                raise TableError(
                    f"sample {name!r} (row {self._rows + row}) appears more than once; expected every sample in "
                    "one row, with replicates in columns that end in _rep1, _rep2"
                )
            self._seen.add(hash(name))
        return names

    def _values(self, table: pd.DataFrame, column: MeasuredColumn) -> Measured:
        """Values of a quantity in the units of the network, and its deviations; NaN where the table gives none."""
        replicates = numeric_values(table[list(column.columns)], self._rows)
        # A later chunk of a long table may lack every value.
        if np.isnan(replicates).all() and not self._rows:
            raise TableError(f"column {column.header.text!r} is empty; expected at least one value, or leave it out")
        require_plausible_cells(column.header.text, column.columns, replicates, self._rows)
        codes, found = column_codes(column, replicates, self._growth, self.series)
        self._codes += found
        replicates = np.where(codes, np.nan, replicates)
        scale = column.factor * column.sign
        given, empty = np.full(len(table), np.nan), np.zeros(len(table), dtype=bool)
        if column.deviation:
            given = numeric_values(table[[column.deviation]], self._rows)[:, 0]
            given = np.where(codes.any(axis=1), np.nan, given)
            inside = column.reaction not in self._network.exchanges
            empty = empty_deviations(given, replicates[:, 0], inside)
            given = np.where(empty, np.nan, given)
            wrong = np.flatnonzero((given <= 0) | np.isinf(given))
            if len(wrong):
                raise TableError(
                    f"column {column.deviation!r}, row {self._rows + int(wrong[0])}: a standard deviation is "
                    f"{given[wrong[0]]:g}; expected a positive number, or an empty cell"
                )
            given = given * column.deviation_factor
        count = (~np.isnan(replicates)).sum(axis=1)
        total = np.nansum(replicates, axis=1)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        if len(column.columns) > 1 and not column.deviation:
            given = abs(scale) * replicate_error(replicates, mean, count)
        # A zero with a deviation of zero is as well known as a typical value of its column.
        typical = self._noise * abs(scale) * np.nanmax(np.abs(mean), initial=0.0)
        return mean * scale, np.where(empty & (mean == 0) & (typical > 0), typical, given)

    def _rates(self, values: dict[str, Measured]) -> dict[str, Measured]:
        """Specific rates and growth of a table with one row a sample."""
        found: dict[str, Measured] = {}
        others = {name: values[column.header.text] for name, column in self._columns.others.items()}
        biomass = self._filled(others[BIOMASS], False) if BIOMASS in others else None
        if biomass is not None and (biomass[0] <= 0).any():
            raise TableError("biomass is not positive in some row; expected gDW/L above zero")
        if DILUTION in others:
            value, std = others[DILUTION]
            assumed = np.maximum(DILUTION_NOISE * np.abs(value), SMALLEST_DILUTION_STD)
            dilution = value, np.where(np.isnan(std), assumed, std)
            self._check_sign(self._columns.others[DILUTION], dilution)
            if self._growth not in self._columns.rates:
                found[self._growth] = dilution
        for name, column in self._columns.rates.items():
            rate = self._filled(values[column.header.text], name == self._growth)
            if column.quantity == "volumetric" and biomass is not None:
                rate = per_biomass(rate, biomass)
            found[name] = rate
            self._check_sign(column, rate)
        for name, column in self._columns.broth.items():
            broth = self._concentration(values[column.header.text])
            feed = self._columns.feed.get(name)
            supplied = np.zeros_like(broth[0])
            fed = self._concentration(values[feed.header.text]) if feed else (supplied, supplied)
            assert biomass is not None
            found[name] = chemostat_rate(broth, fed, dilution, biomass)
        return found

    def _batches(self, table: pd.DataFrame, values: dict[str, Measured]) -> tuple[tuple[str, ...], dict[str, Measured]]:
        """Rates at every time of every batch; the column `sample` names the batches."""
        names = np.array(self._samples(table)) if "sample" in table.columns else np.full(len(table), "batch")
        if self._columns.rates or DILUTION in self._columns.others:
            other = next(iter(self._columns.rates.values()), self._columns.others.get(DILUTION))
            raise TableError(
                f"column {other.header.text!r} is a rate in a time series; expected concentrations only"  # type: ignore[union-attr]
            )
        time = values[self._columns.others[TIME].header.text][0]
        mass = values[self._columns.others[BIOMASS].header.text]
        samples: list[str] = []
        parts: dict[str, list[Measured]] = {name: [] for name in (self._growth, *self._columns.broth)}
        for batch in dict.fromkeys(names.tolist()):
            rows = np.flatnonzero(names == batch)
            rows = rows[np.argsort(time[rows], kind="stable")]
            series = {name: _taken(values[column.header.text], rows) for name, column in self._columns.broth.items()}
            growth, rates = batch_rates(time[rows], _taken(mass, rows), series)
            parts[self._growth].append(growth)
            for name, rate in rates.items():
                parts[name].append(rate)
            samples += [f"{batch} at {value:g} h" for value in time[rows]]
        joined = {
            name: (np.concatenate([v for v, _ in found]), np.concatenate([s for _, s in found]))
            for name, found in parts.items()
        }
        return tuple(samples), joined

    def _from_quotient(self, values: dict[str, Measured], rates: dict[str, Measured]) -> dict[str, Measured]:
        """Compute O2 or CO2 from the respiratory quotient and the other gas."""
        column = self._columns.others.get(RQ)
        if column is None:
            return {}
        quotient, given = values[column.header.text]
        names = {self._gas(OXYGEN, UPTAKE): OXYGEN, self._gas(CO2, SECRETION): CO2}
        known = [name for name in names if name in rates]
        if len(known) != 1:
            what = "neither" if not known else "both"
            raise TableError(
                f"column {column.header.text!r}: the file measures {what} O2 and CO2; expected one of them"
            )
        missing = next(name for name in names if name not in rates)
        error = np.where(np.isnan(given), self._noise * np.abs(quotient), given)
        rate, std = rates[known[0]]
        ratio = -quotient if "C" in names[missing] else -1.0 / quotient
        sign = self._network.exchange_names.sign
        ratio = ratio * sign(missing, SECRETION) * sign(known[0], SECRETION)
        relative = np.hypot(std / np.abs(rate), error / np.abs(quotient))
        return {missing: (rate * ratio, np.abs(rate * ratio) * relative)}

    def _gas(self, atoms: dict[str, float], direction: str) -> str:
        found = find_exchanges(self._network, atoms)
        if not found:
            raise TableError(f"{self._network.id} has no exchange of O2 or CO2, which the RQ relates")
        # An exchange may be split into one for either way.
        fitting = [name for name in found if self._network.exchange_names.sign(name, direction) > 0]
        return (fitting or found)[0]

    def _filled(self, measured: Measured, growth: bool) -> Measured:
        value, std = measured
        return value, np.where(np.isnan(std), assumed_deviations(value, growth, self._noise), std)

    def _concentration(self, measured: Measured) -> Measured:
        value, std = measured
        return value, np.where(np.isnan(std), self._noise * np.abs(value), std)

    def _check_sign(self, column: MeasuredColumn, rate: Measured) -> None:
        value, std = rate
        above = np.flatnonzero(value * column.sign > 0) if column.below_zero else ()
        for row in above[:1]:
            raise TableError(
                f"column {column.header.text!r}, row {self._rows + row}: {value[row] * column.sign / column.factor:g} "
                "is above zero, but all before are below, as signed fluxes; expected one sign, or a word for the "
                f"direction, such as '{column.header.subject}_uptake'"
            )
        window = SIGN_WINDOW * std
        if column.reaction == self._growth:
            window = np.maximum(window, LEAST_GROWTH)
        against = np.flatnonzero(value * column.sign < -window)
        atoms = exchanged_formulas(self._network, [column.reaction])[column.reaction]
        outward = self._network.exchange_names.sign(column.reaction, SECRETION) if atoms == OXYGEN else 1.0
        evolved = np.flatnonzero(value * outward > SIGN_WINDOW * std)
        if column.signed and column.reaction != self._growth:
            # Heterotrophs take oxygen up; COBRA writes uptake as a negative flux.
            against, meaning = (evolved if atoms == OXYGEN else np.array([], dtype=int)), "oxygen is taken up (< 0)"
        else:
            meaning = "growth" if column.reaction == self._growth else direction_in_words(column)
        if len(against):
            row = int(against[0])
            given = value[row] * column.sign / column.factor
            raise TableError(
                f"column {column.header.text!r}, row {self._rows + row}: {given:g} runs against its meaning, "
                f"{meaning}; signed fluxes go under {column.reaction!r}, uptake below zero"
            )


def read_rates(
    network: NetworkLike, table: pd.DataFrame, units: Mapping[str, str] | None = None, noise: float = NOISE
) -> RateTable:
    """Read a whole table of measured rates as signed fluxes, as `RateReader` does.

    Raises:
        TableError: As `RateReader`.

    >>> from metagnn.network import load_network
    >>> table = pd.DataFrame({"mu [1/h]": [0.4], "glucose_uptake_g_per_gDW_h": [0.9], "qO2 [mmol/gDW/h]": [9.0]})
    >>> rates = read_rates(load_network("e_coli_core"), table)
    >>> dict(zip(rates.reactions, rates.rates[0].round(2).tolist()))
    {'Biomass_Ecoli_core': 0.4, 'EX_glc__D_e': -5.0, 'EX_o2_e': -9.0}
    """
    network = as_network(network)
    table = require_rows(table, "rates")
    return RateReader(network, [str(name) for name in table.columns], units, noise).read(table)


def _by_header(units: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The map of units by whole headers: it may name a column without the unit of the second header row."""
    found = {}
    for name, unit in units.items():
        whole = [column for column in columns if column.startswith(f"{name} [") and column.endswith("]")]
        found[whole[0] if name not in columns and len(whole) == 1 else name] = unit
    return found


def _taken(measured: Measured, rows: np.ndarray) -> Measured:
    return measured[0][rows], measured[1][rows]


def _texts(column: pd.Series) -> tuple[str, ...]:
    return tuple("" if pd.isna(cell) else str(cell) for cell in column)
