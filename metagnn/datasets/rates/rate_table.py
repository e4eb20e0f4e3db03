"""A table of measured rates, one row a sample: signed fluxes, their deviations, and how every column was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from metagnn.datasets.rates.sentinel import Sentinel, sentinel_notes
from metagnn.errors import InputError, unknown_name
from metagnn.network.network_like import NetworkLike, as_network

NOISE = 0.05
"""Relative standard deviation of a measurement if none is given."""

DILUTION_NOISE = 0.01
"""Relative standard deviation of a dilution rate: a pump is more precise than an analysis."""

LEAST_GROWTH = 0.02
"""Growth this far below zero is noise around none [1/h], however small its deviation."""

SMALLEST_STD = 0.01
SMALLEST_GROWTH_STD = 1e-3
SMALLEST_DILUTION_STD = 1e-4
"""Smallest standard deviation of a rate [mmol/gDW/h], of growth and of dilution [1/h], if none is given."""


@dataclass(frozen=True)
class RateColumn:
    """How a column was read.

    Attributes:
        column: Its header.
        meaning: What it measures, in words.
        unit: The unit in the header.
        conversion: How its values become signed fluxes.
        deviation: Source of its standard deviation.
        reaction: The exchange or growth reaction that it measures; "" for a column that serves others.
    """

    column: str
    meaning: str
    unit: str
    conversion: str
    deviation: str = ""
    reaction: str = ""


@dataclass(frozen=True, eq=False)
class RateTable:
    """Measured exchange rates and growth.

    Attributes:
        samples: Names of the samples.
        reactions: Exchanges that were measured and, where it was, the growth reaction.
        rates: Signed fluxes, uptake below zero, NaN where nothing was measured, shape `[samples, reactions]`
            [mmol/gDW/h]; growth [1/h].
        deviations: Their standard deviations, the same shape; NaN where nothing was measured.
        columns: How every column was read.
        sentinels: Numbers that look like "not measured", and how they were taken.
        labels: Columns of text of the table, such as `strain`, by name; one text a sample.
    """

    samples: tuple[str, ...]
    reactions: tuple[str, ...]
    rates: np.ndarray
    deviations: np.ndarray
    columns: tuple[RateColumn, ...] = ()
    sentinels: tuple[Sentinel, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken for "not measured", in sentences."""
        return sentinel_notes(self.sentinels)

    def __post_init__(self) -> None:
        shape = (len(self.samples), len(self.reactions))
        for name in ("rates", "deviations"):
            if getattr(self, name).shape != shape:
                raise InputError(f"`{name}` has shape {getattr(self, name).shape}; expected {shape}")
        known = ~np.isnan(self.rates)
        if not (self.deviations[known] > 0).all() or np.isinf(self.rates).any():
            raise InputError("`rates` must be finite or NaN, with a positive deviation wherever there is a rate")

    def __repr__(self) -> str:
        missing = int(np.isnan(self.rates).sum())
        return f"RateTable({len(self.samples)} samples, {len(self.reactions)} reactions, {missing} values missing)"

    def _repr_html_(self) -> str:
        rates = pd.DataFrame(self.rates, index=list(self.samples), columns=list(self.reactions))
        tables = [rates.to_html(max_rows=10, max_cols=8, float_format="{:.4g}".format, na_rep="")]
        if self.columns:
            tables.append(pd.DataFrame(map(asdict, self.columns)).to_html(index=False))
        notes = "".join(f"<p>{note}</p>" for note in self.notes)
        return f"<p>{self!r}; signed fluxes [mmol/gDW/h], growth [1/h]</p>" + notes + "".join(tables)

    def on_network(self, network: NetworkLike) -> tuple[np.ndarray, np.ndarray]:
        """Rates and deviations over all reactions, each `[samples, reactions of the network]`, NaN elsewhere."""
        network = as_network(network)
        shape = (len(self.samples), len(network.reactions))
        positions = [network.reaction_index(name) for name in self.reactions]
        rates, deviations = np.full(shape, np.nan), np.full(shape, np.nan)
        rates[:, positions], deviations[:, positions] = self.rates, self.deviations
        return rates, deviations

    def without(self, hidden: tuple[str, ...]) -> RateTable:
        """Drop some reactions.

        Raises:
            InputError: One of them is not measured.
        """
        for name in hidden:
            if name not in self.reactions:
                raise InputError("`hide`: " + unknown_name(name, self.reactions, "measured rate of this file"))
        kept = [position for position, name in enumerate(self.reactions) if name not in hidden]
        names = tuple(self.reactions[position] for position in kept)
        return replace(self, reactions=names, rates=self.rates[:, kept], deviations=self.deviations[:, kept])

    def first(self, count: int) -> RateTable:
        """Keep the first samples."""
        labels = {name: texts[:count] for name, texts in self.labels.items()}
        samples, rates, deviations = self.samples[:count], self.rates[:count], self.deviations[:count]
        return replace(self, samples=samples, rates=rates, deviations=deviations, labels=labels)


def assumed_deviations(values: np.ndarray, growth: bool = False, noise: float = NOISE) -> np.ndarray:
    """Standard deviations to assume: relative, with a floor for values near zero.

    Growth below zero shows by how much it is wrong, up to what noise around none can be.
    """
    if growth:
        below = np.minimum(np.abs(values), LEAST_GROWTH)
        return np.asarray(np.maximum(np.where(values < 0, below, noise * np.abs(values)), SMALLEST_GROWTH_STD))
    return np.asarray(np.maximum(noise * np.abs(values), SMALLEST_STD))
