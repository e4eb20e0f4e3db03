"""How good predicted fluxes are, and how well they keep the laws."""

from __future__ import annotations

import numpy as np

from metagnn.errors import TableError


def r2_per_flux(observed: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Coefficient of determination of every flux over the samples, shape `[reactions]`.

    Args:
        observed: Observed fluxes, shape `[samples, reactions]`, NaN where nothing was measured.
        predicted: Predicted fluxes, the same shape.

    Returns:
        1 − residual / total sum of squares; NaN where a flux was observed less than twice or does not vary.
    """
    seen = ~np.isnan(observed)
    count = seen.sum(axis=0)
    values = np.where(seen, observed, 0.0)
    mean = values.sum(axis=0) / np.maximum(count, 1)
    total = np.where(seen, values - mean, 0.0)
    residual = np.where(seen, values - np.where(seen, predicted, 0.0), 0.0)
    spread = np.square(total).sum(axis=0)
    # Round-off of a constant is no spread to explain.
    varies = (count > 1) & (spread > 1e-12 * np.maximum(1.0, np.square(mean)) * np.maximum(count, 1))
    ratio = np.square(residual).sum(axis=0) / np.where(varies, spread, 1.0)
    return np.where(varies, 1.0 - ratio, np.nan)


def mean_r2(observed: np.ndarray, predicted: np.ndarray, answered: np.ndarray) -> float:
    """R² of the fluxes that vary, averaged uniformly, over the samples that got an answer.

    Args:
        observed: Observed fluxes, shape `[samples, reactions]`, NaN where nothing was measured.
        predicted: Predicted fluxes, the same shape.
        answered: Samples that were predicted, boolean, shape `[samples]`: what cannot be predicted cannot be scored.

    Raises:
        TableError: No flux varies, so that there is nothing to explain.
    """
    scores = r2_per_flux(np.where(answered[:, None], observed, np.nan), predicted)
    if np.isnan(scores).all():
        raise TableError("`targets` has no column that varies over the samples; R² is not defined")
    return float(np.nanmean(scores))
