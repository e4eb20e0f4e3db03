"""Shares of estimates of traits in their average."""

from __future__ import annotations

import numpy as np

POWER_INSIDE, POWER_OUTSIDE = 4.0, 1.5
"""Power of the mean square error that a share falls with. Errors on a few groups left out say less of the next group than
errors on random samples say of the next sample."""


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
    parts = [square[:, group == one] for one in np.unique(group)]
    return np.nanmean([np.nanmean(part, axis=1) for part in parts], axis=0) / np.maximum(
        np.nanvar(observed, axis=0), 1e-24
    )
