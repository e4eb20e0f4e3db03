"""Intervals of every flux from those of the measured ones: cut by what the network allows, carried through it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from metagnn.estimates.completion import FluxCompletion
from metagnn.estimates.flux_knowledge import FluxKnowledge
from metagnn.fba.flux_variability import flux_ranges
from metagnn.network.compression import null_basis
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import LinearProgram

DRAWS = 40
"""Fluxes drawn for every sample; the 5 % quantile of forty has a standard error of a fifth of a standard deviation."""

FEW_DRAWS = 8
"""The same on a large network, where a draw costs half a second: they give a standard deviation to a quarter of it."""

MOST_RANGED = 500
"""Reactions up to which the range of every undetermined flux is computed; above, its bounds are its interval."""

MOST_AT_ONCE = 32
"""Samples drawn of at once: what they share is prepared once, and their draws fit into memory at genome scale."""

DETERMINED = 1e-8
"""Share of a flux's row of the null space that may be left when the measured ones are taken out."""

SLACK = 1e-6
"""Width, relative to the largest flux, to which measured fluxes are held while others are ranged [mmol/gDW/h]."""


@dataclass(frozen=True, eq=False)
class TargetBeliefs:
    """What is thought of the measured fluxes of samples.

    Attributes:
        mean: Shape `[samples, reactions]`, NaN where nothing is thought [mmol/gDW/h].
        deviation: Standard deviations, the same shape.
        scale: Half-widths of the intervals in units of the deviation, shape `[samples]` or `[samples, reactions]`.
        errors: Errors seen on samples left out, in units of their deviation, shape `[errors, reactions]`, NaN for gaps;
            rows are errors of one sample, which belong together.
        level: Share of the fluxes that the intervals are to hold.
    """

    mean: np.ndarray
    deviation: np.ndarray
    scale: np.ndarray
    errors: np.ndarray
    level: float

    def half_widths(self) -> np.ndarray:
        """Half-widths of the intervals, shape `[samples, reactions]`."""
        scale = self.scale if self.scale.ndim == 2 else self.scale[:, None]
        widths: np.ndarray = scale * self.deviation
        return widths

    def draw(self, row: int, draws: int, seed: int) -> np.ndarray:
        """Draw measured fluxes of a sample, shape `[draws, reactions]`: errors of one left-out sample at a time.

        Args:
            row: The sample.
            draws: How many.
            seed: Seed; with the sample it settles the draws, whatever other samples there are.
        """
        rng = np.random.default_rng(seed)
        seen = ~np.isnan(self.mean[row])
        errors = np.where(np.isnan(self.errors), 0.0, self.errors)
        # Errors are stretched until the share of the level lies inside: one stretch for all keeps how they go together.
        sizes = np.abs(self.errors[~np.isnan(self.errors)])
        usual = np.quantile(sizes, self.level) if len(sizes) else 1.0
        stretch = self.half_widths()[row] / max(usual, 1e-12)
        chosen = errors[rng.integers(len(errors), size=draws)] * rng.choice([-1.0, 1.0], size=(draws, 1))
        return np.where(seen, self.mean[row] + stretch * chosen, np.nan)


@dataclass(frozen=True, eq=False)
class IntervalFinder:
    """Finds the intervals of every flux of a network.

    Attributes:
        network: The network.
        seed: Seed of the draws.
        cut: Whether the bounds of a sample are certain, so that intervals end at them; learned uptakes are not.
    """

    network: MetabolicNetwork
    seed: int = 0
    cut: bool = True

    @functools.cached_property
    def _program(self) -> LinearProgram:
        matrix = self.network.stoichiometry.to_scipy()
        return LinearProgram(matrix, np.zeros(matrix.shape[1]))

    @functools.cached_property
    def _basis(self) -> np.ndarray:
        return null_basis(self.network.stoichiometry.to_scipy().toarray())

    def draws(self, conditions: Conditions, beliefs: TargetBeliefs, rows: np.ndarray, count: int = DRAWS) -> np.ndarray:
        """Draw fluxes of samples, each at steady state and within the bounds, shape `[rows, count, reactions]`.

        Args:
            conditions: What is known of all samples.
            beliefs: What is thought of their measured fluxes.
            rows: The samples to draw of.
            count: How many of each.
        """
        drawn = np.full((len(rows), count, len(self.network.reactions)), np.nan)
        for start in range(0, len(rows), MOST_AT_ONCE):
            part = rows[start : start + MOST_AT_ONCE]
            own = FluxKnowledge.of(self.network, conditions).own_fluxes(conditions.rows(part.tolist()))
            repeated = conditions.rows(np.repeat(part, count).tolist())
            completion = FluxCompletion(self.network, repeated, np.repeat(own, count, axis=0))
            targets = np.concatenate([beliefs.draw(int(row), count, self.seed) for row in part])
            found = completion.complete(targets, np.repeat(beliefs.deviation[part], count, axis=0))
            drawn[start : start + len(part)] = found.reshape(len(part), count, -1)
        return drawn

    def intervals(
        self, conditions: Conditions, beliefs: TargetBeliefs, fluxes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends, each of shape `[samples, reactions]` [mmol/gDW/h]; NaN where the prediction is.

        A measured flux has the calibrated interval, cut to what the network allows; a flux that follows from the
        measured ones has the quantiles of fluxes drawn around the prediction; one that the measured ones leave free
        adds to that what it can be while they are as predicted. Every interval holds the prediction.

        Args:
            conditions: What is known of the samples.
            beliefs: What is thought of their measured fluxes.
            fluxes: The predictions, shape `[samples, reactions]`.
        """
        if not self.cut:
            return self._of_measured(beliefs, fluxes)
        low, high = np.full(fluxes.shape, np.nan), np.full(fluxes.shape, np.nan)
        rows = np.flatnonzero(~np.isnan(fluxes).any(axis=1))
        count = DRAWS if fluxes.shape[1] <= MOST_RANGED else FEW_DRAWS
        for row, drawn in zip(rows, self.draws(conditions, beliefs, rows, count), strict=True):
            low[row], high[row] = self._of_sample(conditions, beliefs, fluxes[row], int(row), drawn)
        return low, high

    def _of_sample(
        self, conditions: Conditions, beliefs: TargetBeliefs, flux: np.ndarray, row: int, drawn: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = conditions.lower[row].numpy(), conditions.upper[row].numpy()
        drawn = drawn[~np.isnan(drawn).any(axis=1)]
        tail = (1 - beliefs.level) / 2
        if len(drawn) > FEW_DRAWS:
            low, high = np.quantile(np.vstack([drawn, flux]), [tail, 1 - tail], axis=0)
        else:
            half = NormalDist().inv_cdf(1 - tail) * np.sqrt(np.square(drawn - flux).sum(axis=0) / max(len(drawn), 1))
            low, high = (
                np.maximum(flux - half, np.minimum(lower, flux)),
                np.minimum(flux + half, np.maximum(upper, flux)),
            )
        measured = np.flatnonzero(~np.isnan(beliefs.mean[row]))
        if len(measured):
            ranges = flux_ranges(self._program, lower, upper, measured)
            half = beliefs.half_widths()[row, measured]
            middle = beliefs.mean[row, measured]
            low[measured] = np.clip(middle - half, *ranges.T)
            high[measured] = np.clip(middle + half, *ranges.T)
        free = np.setdiff1d(np.flatnonzero(~self._determined(measured)), measured)
        wide_low, wide_high = self._ranges(lower, upper, flux, measured, free)
        # What the measured ones leave free adds to how uncertain these are, up to what the network allows at all.
        least, most = self._allowed(lower, upper, free)
        low[free] = np.maximum(np.minimum(low[free], flux[free]) + wide_low - flux[free], least)
        high[free] = np.minimum(np.maximum(high[free], flux[free]) + wide_high - flux[free], most)
        return np.minimum(low, flux), np.maximum(high, flux)

    def _allowed(self, lower: np.ndarray, upper: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value of free fluxes; on a large network their bounds, which cost nothing."""
        if not len(free) or len(lower) > MOST_RANGED:
            return lower[free], upper[free]
        ranges = flux_ranges(self._program, lower, upper, free)
        return ranges[:, 0], ranges[:, 1]

    @staticmethod
    def _of_measured(beliefs: TargetBeliefs, flux: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Intervals of what was measured in training; NaN for the rest, of which nothing was."""
        half = beliefs.half_widths()
        # No organism shrinks: growth, and whatever else is measured on media, is not below zero.
        low = np.where((flux >= 0) & (flux - half < 0), 0.0, flux - half)
        return low, flux + half

    def _determined(self, measured: np.ndarray) -> np.ndarray:
        """Which fluxes follow from the measured ones at steady state, boolean, shape `[reactions]`."""
        known = self._basis[measured]
        _, singular, right = np.linalg.svd(known, full_matrices=False)
        kept = right[singular > DETERMINED * max(singular.max(initial=0.0), 1e-300)]
        rest = self._basis - self._basis @ kept.T @ kept
        determined: np.ndarray = np.linalg.norm(rest, axis=1) <= DETERMINED * np.sqrt(len(self._basis))
        return determined

    def _ranges(
        self, lower: np.ndarray, upper: np.ndarray, flux: np.ndarray, measured: np.ndarray, free: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if len(lower) > MOST_RANGED:
            return lower[free], upper[free]
        low, high, slack = lower.copy(), upper.copy(), SLACK * max(1.0, np.abs(flux).max())
        low[measured] = np.maximum(low[measured], flux[measured] - slack)
        high[measured] = np.minimum(high[measured], flux[measured] + slack)
        return self._allowed(low, high, free)
