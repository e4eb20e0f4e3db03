"""Errors of predicted fluxes, in units that do not depend on how large or how many they are."""

from __future__ import annotations

import numpy as np


def normalised_error(predicted: np.ndarray, observed: np.ndarray) -> float:
    r"""Mean over the samples of $\|\hat v - v\| / \|v\|$, over what was observed; NaN if nothing was.

    Args:
        predicted: Shape `[samples, fluxes]`.
        observed: The same shape, NaN where nothing was observed.
    """
    errors = sample_errors(predicted, observed)
    return float(errors.mean()) if len(errors) else np.nan


def sample_errors(predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """The errors that `normalised_error` averages, of the samples with an observed flux other than zero.

    Args:
        predicted: Shape `[samples, fluxes]`.
        observed: The same shape, NaN where nothing was observed.
    """
    seen = ~np.isnan(observed)
    error = np.sqrt(np.square(np.where(seen, predicted - observed, 0.0)).sum(axis=1))
    size = np.sqrt(np.square(np.where(seen, observed, 0.0)).sum(axis=1))
    found: np.ndarray = error[size > 0] / size[size > 0]
    return found


def scaled_error(
    predicted: np.ndarray, observed: np.ndarray, scale: np.ndarray, weight: np.ndarray | None = None
) -> float:
    """Root mean square of the errors in units of the spread of every flux; NaN if nothing was observed.

    Args:
        predicted: Shape `[samples, fluxes]`; NaN counts as infinitely wrong.
        observed: The same shape, NaN where nothing was observed.
        scale: Spread of every flux, shape `[fluxes]`.
        weight: Weight ≥ 0 of every observation, the same shape as those; None weighs all equally.
    """
    seen = ~np.isnan(observed)
    if np.isnan(predicted[seen]).any():
        return np.inf
    square = np.square((predicted - observed) / scale)[seen]
    return (
        float(np.sqrt(np.average(square, weights=None if weight is None else weight[seen]))) if seen.any() else np.nan
    )
