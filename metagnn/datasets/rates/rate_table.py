"""Measured rates, one row a sample, as signed fluxes with their deviations, and what was understood of every column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from metagnn.errors import InputError, unknown_name
from metagnn.network.network_like import NetworkLike, as_network

NOISE = 0.05
"""Relative standard deviation of a measurement where none is given."""

DILUTION_NOISE = 0.01
"""The same of a dilution rate: a pump's setting, not an analysis."""

SMALLEST_STD = 0.01
SMALLEST_GROWTH_STD = 1e-3
SMALLEST_DILUTION_STD = 1e-4
"""Smallest standard deviation of a rate [mmol/gDW/h], of growth and of dilution [1/h], where none is given."""


@dataclass(frozen=True)
class RateColumn:
    """What was understood of a column.

    Attributes:
        column: Its header.
        meaning: Which rate it is, in words.
        unit: Unit that was read.
        conversion: What was done to get a signed flux.
        deviation: Where its standard deviation comes from.
        reaction: The exchange or growth reaction that it measures; "" where it serves other columns.
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
        columns: What was understood of every column of the file.
    """

    samples: tuple[str, ...]
    reactions: tuple[str, ...]
    rates: np.ndarray
    deviations: np.ndarray
    columns: tuple[RateColumn, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.samples), len(self.reactions))
        for name in ("rates", "deviations"):
            if getattr(self, name).shape != shape:
                raise InputError(f"`{name}` has shape {getattr(self, name).shape}; expected {shape}")
        known = ~np.isnan(self.rates)
        if not (self.deviations[known] > 0).all() or np.isinf(self.rates).any():
            raise InputError("`rates` must be finite or NaN, with a positive deviation wherever there is a rate")

    def on_network(self, network: NetworkLike) -> tuple[np.ndarray, np.ndarray]:
        """Rates and deviations over all reactions, each `[samples, reactions of the network]`, NaN elsewhere."""
        network = as_network(network)
        shape = (len(self.samples), len(network.reactions))
        positions = [network.reaction_index(name) for name in self.reactions]
        rates, deviations = np.full(shape, np.nan), np.full(shape, np.nan)
        rates[:, positions], deviations[:, positions] = self.rates, self.deviations
        return rates, deviations

    def without(self, hidden: tuple[str, ...]) -> RateTable:
        """The table as if some of its reactions had not been measured.

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
        """The first samples alone."""
        return replace(self, samples=self.samples[:count], rates=self.rates[:count], deviations=self.deviations[:count])


def assumed_deviations(values: np.ndarray, growth: bool = False, noise: float = NOISE) -> np.ndarray:
    """Standard deviations of measurements that came without: relative, with a floor for values near zero."""
    return np.asarray(np.maximum(noise * np.abs(values), SMALLEST_GROWTH_STD if growth else SMALLEST_STD))
