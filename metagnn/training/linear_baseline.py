"""What a linear regression makes of the training samples: a trained model should not be worse."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.losses.supervised import masked_mse
from metagnn.network.conditions import Conditions

PENALTIES = np.logspace(-6, 3, 19)
"""Penalties of ridge regression that leave-one-out chooses from."""

MARGIN = 0.01
"""Share of the variance by which a model must fit worse than the regression to be named in a warning."""

ERROR = "flux_error"
"""Term of the history that the regression is compared with."""


class UnderfitWarning(UserWarning):
    """A trained model fits its own training samples worse than a linear regression predicts them."""


def ridge_left_out(inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return what ridge regression makes of every row from all others, shape `[samples, targets]`.

    On rows that it has seen, it would fit their noise, as no balance of matter lets a model do. The penalty is chosen
    by the same rows left out, in closed form, one for all targets.

    Args:
        inputs: Shape `[samples, features]`; features that do not vary are of no use and do no harm.
        targets: Shape `[samples, targets]`, in units of their spread.
    """
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    varies = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    standard = (inputs - mean)[:, varies] / spread[varies]
    left, singular, _ = np.linalg.svd(standard, full_matrices=False)
    centre = targets.mean(axis=0)
    inside = left.T @ (targets - centre)
    best, found = np.inf, np.broadcast_to(centre, targets.shape)
    for penalty in PENALTIES:
        kept = singular**2 / (singular**2 + penalty)
        guess = centre + left @ (kept[:, None] * inside)
        # The mean takes part in every row: 1 / samples of its leverage.
        leverage = (left**2 @ kept) + 1 / len(targets)
        residuals = (targets - guess) / np.maximum(1 - leverage, 1e-9)[:, None]
        if (error := np.square(residuals).mean()) < best:
            best, found = error, targets - residuals
    return found


def ridge_error(samples: FluxBatch, scale: Tensor) -> float | None:
    """Return the error of ridge regression on training samples left out, as `SupervisedTerm` measures it.

    Args:
        samples: The training samples.
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].

    Returns:
        The mean squared error in units of the spread; None where targets or measured rates have gaps.
    """
    observed, inputs = samples.observed.numpy(), _features(samples.conditions)
    seen = ~np.isnan(observed).any(axis=0)
    if (~np.isnan(observed[:, ~seen])).any() or not seen.any() or np.isnan(inputs).any():
        return None
    unit = scale.numpy()[seen]
    found = np.full(observed.shape, np.nan)
    found[:, seen] = ridge_left_out(inputs, observed[:, seen] / unit) * unit
    return float(masked_mse(torch.from_numpy(found).nan_to_num(), samples.observed, scale, samples.weight))


def warn_underfit(history: pd.DataFrame, samples: FluxBatch, scale: Tensor) -> None:
    """Warn if a trained model fits its training samples worse than ridge regression predicts them when left out.

    Args:
        history: One row an epoch, as `fit_fluxes` returns it.
        samples: The training samples.
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
    """
    if ERROR not in history or not len(history):
        return
    ours, ridge = float(history[ERROR].iloc[-1]), ridge_error(samples, scale)
    if ridge is not None and ours > ridge + MARGIN:
        warnings.warn(
            f"after {len(history)} epochs the model explains {1 - ours:.3f} of the variance of its own training "
            f"fluxes, a linear ridge regression {1 - ridge:.3f} when each is left out; train for more epochs, or trust "
            "its predictions no more than the regression",
            UnderfitWarning,
            stacklevel=4,
        )


def _features(conditions: Conditions) -> np.ndarray:
    """Return all that distinguishes the samples: bounds that vary, and measured rates that were measured at all."""
    parts = [conditions.lower.numpy(), conditions.upper.numpy()]
    if conditions.measured is not None:
        measured = conditions.measured.numpy()
        parts.append(measured[:, ~np.isnan(measured).all(axis=0)])
    together = np.concatenate(parts, axis=1)
    finite = np.isfinite(together).all(axis=0) | np.isnan(together).any(axis=0)
    varies = np.ptp(np.where(finite, together, 0.0), axis=0) != 0
    return together[:, varies]
