"""How good predicted fluxes are, and how well they keep the laws."""

from __future__ import annotations

import numpy as np

from metagnn.errors import TableError

MEAN_R2 = "R², mean over the targets that vary"
"""What `score`, `train` and `predict` report, by name."""


def r2_per_flux(observed: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Coefficient of determination of every flux over the samples, shape `[reactions]`.

    Args:
        observed: Observed fluxes, shape `[samples, reactions]`, NaN where nothing was measured.
        predicted: Predicted fluxes, the same shape.
        weight: How much every observation counts, ≥ 0, the same shape; all alike by default.

    Returns:
        1 − residual / total sum of squares; NaN where a flux was observed less than twice or does not vary.
    """
    # What weighs nothing is left out, so that a prediction of NaN there does no harm.
    seen = ~np.isnan(observed) & (True if weight is None else weight > 0)
    share = np.where(seen, 1.0 if weight is None else weight, 0.0)
    total = np.maximum(share.sum(axis=0), np.finfo(np.float64).tiny)
    values = np.where(seen, observed, 0.0)
    mean = (share * values).sum(axis=0) / total
    residual = values - np.where(seen, predicted, 0.0)
    spread = (share * np.square(values - mean)).sum(axis=0)
    # Round-off of a constant is no spread to explain.
    varies = (seen.sum(axis=0) > 1) & (spread > 1e-12 * np.maximum(1.0, np.square(mean)) * total)
    ratio = (share * np.square(residual)).sum(axis=0) / np.where(varies, spread, 1.0)
    return np.where(varies, 1.0 - ratio, np.nan)


def mean_r2(observed: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> float:
    """R² of the fluxes that vary, averaged uniformly: what `MEAN_R2` names.

    Args:
        observed: Observed fluxes, shape `[samples, reactions]`, NaN where nothing was measured.
        predicted: Predicted fluxes, the same shape; what is NaN was not predicted, and cannot be scored.
        weight: How much every observation counts, ≥ 0, the same shape; all alike by default.

    Raises:
        TableError: No flux varies, so that there is nothing to explain.
    """
    scores = r2_per_flux(np.where(np.isnan(predicted), np.nan, observed), predicted, weight)
    if np.isnan(scores).all():
        raise TableError("`targets` has no column that varies over the samples; R² is not defined")
    return float(np.nanmean(scores))
