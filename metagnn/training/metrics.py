"""Scores of predicted fluxes."""

from __future__ import annotations

import numpy as np

from metagnn.errors import TableError

MEAN_R2 = "R², mean over the targets that vary"
"""Name of the score that `score`, `train` and `predict` report."""


class UndefinedScore(TableError):
    """Observed fluxes of which none varies, so that no share of their variance can be explained."""


def r2_per_flux(observed: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Compute the coefficient of determination R² of every flux over the samples, shape `[reactions]`.

    Args:
        observed: Observed fluxes, shape `[samples, reactions]`, NaN where nothing was measured.
        predicted: Predicted fluxes, the same shape.
        weight: Weight of every observation, ≥ 0, the same shape; equal by default.

    Returns:
        1 − residual / total sum of squares; NaN for a flux that was observed less than twice or does not vary.
    """
    # Leave out observations of weight 0: their predictions may be NaN.
    seen = ~np.isnan(observed) & (True if weight is None else weight > 0)
    share = np.where(seen, 1.0 if weight is None else weight, 0.0)
    total = np.maximum(share.sum(axis=0), np.finfo(np.float64).tiny)
    values = np.where(seen, observed, 0.0)
    mean = (share * values).sum(axis=0) / total
    residual = values - np.where(seen, predicted, 0.0)
    spread = (share * np.square(values - mean)).sum(axis=0)
    # Do not mistake the round-off of a constant flux for a spread.
    varies = (seen.sum(axis=0) > 1) & (spread > 1e-12 * np.maximum(1.0, np.square(mean)) * total)
    ratio = (share * np.square(residual)).sum(axis=0) / np.where(varies, spread, 1.0)
    return np.where(varies, 1.0 - ratio, np.nan)


def mean_r2(observed: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Compute the unweighted mean R² of the fluxes that vary, named `MEAN_R2`.

    Args:
        observed: Observed fluxes, shape `[samples, reactions]`, NaN where nothing was measured.
        predicted: Predicted fluxes, the same shape; NaN where not predicted, which is left out of the score.
        weight: Weight of every observation, ≥ 0, the same shape; equal by default.

    Raises:
        UndefinedScore: No flux varies.
    """
    scores = r2_per_flux(np.where(np.isnan(predicted), np.nan, observed), predicted, weight)
    if np.isnan(scores).all():
        raise UndefinedScore("`targets` has no column that varies over the samples; R² is not defined")
    return float(np.nanmean(scores))
