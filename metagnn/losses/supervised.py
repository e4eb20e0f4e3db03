"""Supervised loss over whatever was measured."""

from __future__ import annotations

import torch

from metagnn._typing import Fluxes, Metric, Scalar


def masked_mse(
    predicted: Fluxes, observed: Fluxes, scale: Metric | None = None, weight: Fluxes | None = None
) -> Scalar:
    """Mean squared error over the observed entries.

    Args:
        predicted: Predicted fluxes, shape `[..., reactions]` [mmol/gDW/h].
        observed: Observed fluxes, NaN where nothing was measured; zero loss where nothing is observed at all.
        scale: Size of every reaction's error that counts as one, shape `[reactions]`.
        weight: How much every entry counts in the mean, ≥ 0, shape as the observed fluxes; all alike by default.

    >>> masked_mse(torch.tensor([1.0, 5.0]), torch.tensor([3.0, torch.nan])).item()
    4.0
    """
    seen = ~torch.isnan(observed)
    # Masked before the subtraction: a NaN times zero would poison the gradient.
    error = torch.where(seen, predicted - torch.where(seen, observed, 0.0), 0.0)
    if scale is not None:
        error = error / scale
    if weight is None:
        return error.square().sum() / seen.sum().clamp(min=1)
    total = torch.where(seen, weight, 0.0).sum()
    return (weight * error.square()).sum() / torch.where(total > 0, total, 1.0)
