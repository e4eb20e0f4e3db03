"""Convert measurements to specific rates: concentrations of a chemostat, time series of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_smoothing_spline

from metagnn.errors import TableError

FEWEST_TIMES = 5
"""Fewest points in time for a smoothing spline."""

PENALTIES = np.logspace(-6, 4, 21)
"""Smoothing parameters to try, relative to the cube of the mean step in time."""

Measured = tuple[np.ndarray, np.ndarray]
"""Values and their standard deviations."""


def per_biomass(volumetric: Measured, biomass: Measured) -> Measured:
    """Divide a volumetric rate [mmol/L/h] by the biomass concentration [gDW/L]: q = r / X."""
    (rate, rate_std), (mass, mass_std) = volumetric, biomass
    specific = rate / mass
    return specific, np.hypot(rate_std / mass, specific * mass_std / mass)


def chemostat_rate(broth: Measured, feed: Measured, dilution: Measured, biomass: Measured) -> Measured:
    """Compute a specific rate from concentrations [mmol/L] and a dilution rate [1/h]: q = D (c − c_feed) / X."""
    difference = broth[0] - feed[0]
    exchanged = dilution[0] * difference
    noise = np.sqrt(np.square(dilution[0]) * (broth[1] ** 2 + feed[1] ** 2) + np.square(difference * dilution[1]))
    return per_biomass((exchanged, noise), biomass)


@dataclass(frozen=True, eq=False)
class Smoother:
    """A cubic smoothing spline as two matrices: it is linear in the values that it smooths.

    Attributes:
        values: Matrix from measured to smoothed values, shape `[times, times]`.
        slopes: Matrix from measured values to slopes of the spline, the same shape.
    """

    values: np.ndarray
    slopes: np.ndarray


def smooth(times: np.ndarray, series: np.ndarray) -> tuple[Smoother, float]:
    """Fit a smoothing spline, with the smoothing that generalised cross-validation chooses.

    Woltring 1986 (doi 10.1016/0141-1195(86)90098-7), with scipy's `make_smoothing_spline`.

    Args:
        times: Rising, shape `[times]` [h].
        series: Measured values, the same shape.

    Returns:
        The smoother, and the standard deviation of a value around the spline.

    Raises:
        TableError: Fewer than five points in time, or two that are the same.
    """
    count = len(times)
    if count < FEWEST_TIMES:
        raise TableError(f"a time series has {count} points; expected at least {FEWEST_TIMES} for a smoothing spline")
    if not (np.diff(times) > 0).all():
        raise TableError("the times of a series do not rise; expected every time once")
    best: tuple[float, Smoother, float] | None = None
    for penalty in PENALTIES * np.mean(np.diff(times)) ** 3:
        # Smoothing every unit vector gives the matrix of the spline.
        spline = make_smoothing_spline(times, np.eye(count), lam=penalty)
        hat = spline(times)
        residual, freedom = series - hat @ series, count - np.trace(hat)
        if freedom < 1e-6 * count:
            continue
        variance = float(residual @ residual) / freedom
        score = variance / freedom
        if best is None or score < best[0]:
            best = score, Smoother(hat, spline.derivative()(times)), float(np.sqrt(variance))
    assert best is not None
    return best[1], best[2]


def batch_rates(
    times: np.ndarray, biomass: Measured, series: dict[str, Measured]
) -> tuple[Measured, dict[str, Measured]]:
    """Compute growth and specific rates at every point in time of one batch.

    Growth is the slope of the smoothed logarithm of biomass. A rate is the slope of a smoothed concentration divided
    by the smoothed biomass. Errors propagate through the splines, which are linear; they are largest at both ends.

    Args:
        times: Shape `[times]` [h].
        biomass: Biomass [gDW/L] and its deviations; where a deviation is NaN, the spread around the spline is used.
        series: Concentrations [mmol/L] and deviations of every substance; NaN as for biomass.

    Raises:
        TableError: Biomass that is not positive, or too few points in time.
    """
    mass, mass_std = biomass
    if not (mass > 0).all():
        raise TableError("biomass in a time series is not positive; expected gDW/L above zero at every time")
    smoother, spread = smooth(times, np.log(mass))
    log_std = np.where(np.isnan(mass_std), spread, mass_std / mass)
    growth = smoother.slopes @ np.log(mass), _spread(smoother.slopes, log_std)
    smoothed = np.exp(smoother.values @ np.log(mass))
    smoothed_std = smoothed * _spread(smoother.values, log_std)
    rates = {}
    for name, (values, std) in series.items():
        known = ~np.isnan(values)
        rate, error = np.full(len(times), np.nan), np.full(len(times), np.nan)
        part, spread = smooth(times[known], values[known])
        noise = np.where(np.isnan(std[known]), spread, std[known])
        slope = part.slopes @ values[known], _spread(part.slopes, noise)
        rate[known], error[known] = per_biomass(slope, (smoothed[known], smoothed_std[known]))
        rates[name] = rate, error
    return growth, rates


def _spread(matrix: np.ndarray, std: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.square(matrix) @ np.square(std)))


def replicate_error(replicates: np.ndarray, mean: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Standard error of the mean of replicates.

    Two or three replicates say little of their own spread: the relative one is pooled over the rows.
    """
    several = (count > 1) & (mean != 0)
    squares = np.nansum(np.square(replicates - mean[:, None]), axis=1)
    freedom = (count[several] - 1).sum()
    if not freedom:
        return np.full(len(mean), np.nan)
    relative = np.sqrt((squares[several] / np.square(mean[several])).sum() / freedom)
    error = relative * np.abs(mean) / np.sqrt(np.maximum(count, 1))
    return np.where(error > 0, error, np.nan)
