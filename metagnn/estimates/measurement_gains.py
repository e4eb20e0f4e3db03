"""Gains: what a measurement shows of the flux that it stands for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

MOST_DOUBTED = 1e4
"""Largest factor by which a quantity counts less: beyond it the problem of the nearest fluxes is ill-conditioned."""

LARGEST = 2.0
"""Largest gain, and the inverse of the smallest: beyond it a column is no measurement of its reaction."""

SPREAD = 0.1
"""Standard deviation of the prior of a gain around 1."""

NOTICED = 0.05
"""Error of the nearest feasible fluxes (`normalised_error`) up to which measurements count as closing."""

ROUNDS = 8
"""Rounds between trust and fluxes; the fluxes of the last two differ in the third digit."""


class GainWarning(UserWarning):
    """A measurement and its flux are so far apart that one of them must be something else."""


def fit_gains(
    nearest: Callable[[np.ndarray, np.ndarray], np.ndarray], observed: np.ndarray, deviation: np.ndarray
) -> np.ndarray:
    r"""Fit a gain to every measured quantity, shape `[fluxes]`: measurement = gain × flux + noise.

    The feasible fluxes nearest to the measurements are what flows; a quantity counts the less, the farther it is off
    (Holland and Welsch 1977, doi 10.1080/03610927708827533), so that one wrong unit does not bend all others. Each
    gain has the prior $N(1, 0.1^2)$: what closes keeps 1, and a quantity that does not close with the others bears
    it, as CO2 that is lost on the way to the analyser. All gains together are a unit, which no balance determines.

    Args:
        nearest: Returns the feasible fluxes nearest to targets with deviations, shape `[samples, fluxes]`
            [mmol/gDW/h].
        observed: Measurements, NaN for a gap, the same shape.
        deviation: Their standard deviations, the same shape.
    """
    seen = ~np.isnan(observed)
    precision = np.where(seen, deviation, np.inf) ** -2.0
    values, trust = np.where(seen, observed, 0.0), np.ones(observed.shape[1])
    for _ in range(ROUNDS):
        fluxes = nearest(observed, deviation / np.sqrt(trust))
        usable = precision * ~np.isnan(fluxes)
        fluxes = np.nan_to_num(fluxes)
        square = (usable * (values - fluxes) ** 2).sum(axis=0) / np.maximum((usable > 0).sum(axis=0), 1)
        off = square / max(np.median(square[seen.any(axis=0)]), 1.0)
        trust = 1 / np.clip(off, 1.0, MOST_DOUBTED)
    prior = SPREAD**-2
    fitted = ((usable * fluxes * values).sum(axis=0) + prior) / ((usable * fluxes**2).sum(axis=0) + prior)
    clipped: np.ndarray = np.clip(fitted, 1 / LARGEST, LARGEST)
    return clipped


def warn_of_gains(gains: np.ndarray, names: Sequence[str]) -> None:
    """Warn of gains that ran to their bounds.

    Args:
        gains: Shape `[fluxes]`.
        names: The reactions.
    """
    at_bound = [k for k, gain in enumerate(gains) if not 1 / LARGEST < gain < LARGEST]
    if at_bound:
        said = "; ".join(f"{names[k]} is measured at {gains[k]:.2g} of what the network needs" for k in at_bound[:3])
        warnings.warn(
            f"{said}: check its unit and sign, leave it out of `targets`, or add the reaction that the network lacks",
            GainWarning,
            stacklevel=5,
        )
