"""Shares of estimates of traits in their average."""

from __future__ import annotations

import numpy as np

POWER_INSIDE, POWER_OUTSIDE = 4.0, 1.5
"""Power of the mean square error that a share falls with: errors on a few groups left out say less of the next
group than errors on random samples say of the next sample."""


def trait_shares(mean: np.ndarray, observed: np.ndarray, group: np.ndarray, power: float) -> np.ndarray:
    """Return the share of every estimate in the average of every trait, shape `[candidates, targets]`.

    Groups count alike.

    Args:
        mean: What every candidate says of rows that it did not see, shape `[candidates, samples, targets]`.
        observed: Traits, NaN for gaps, shape `[samples, targets]`.
        group: Group of every row as a number, shape `[samples]`.
        power: Power of the mean square error that a share falls with.
    """
    square = mean_square_errors(mean, observed, group)
    shares = np.maximum(square, 1e-12 * square.max(axis=0, initial=1e-300)) ** -power
    normal: np.ndarray = shares / shares.sum(axis=0)
    return normal


def mean_square_errors(mean: np.ndarray, observed: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return mean square errors relative to the variance of a trait, groups counting alike, `[candidates, targets]`."""
    square = (mean - observed) ** 2
    known, sizes = ~np.isnan(square), np.zeros((len(square), observed.shape[1]))
    total = np.zeros_like(sizes)
    for one in np.unique(group):
        count = known[:, group == one].sum(axis=1)
        total += np.nansum(square[:, group == one], axis=1) / np.maximum(count, 1)
        sizes += count > 0
    held = np.maximum((~np.isnan(observed)).sum(axis=0), 1)
    centre = np.nansum(observed, axis=0) / held
    variance = np.nansum((observed - centre) ** 2, axis=0) / held
    # What no candidate could be judged on, all share alike.
    relative: np.ndarray = np.where(sizes > 0, total / np.maximum(sizes, 1) / np.maximum(variance, 1e-24), 1.0)
    return relative
