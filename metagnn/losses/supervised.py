"""Supervised loss over the measured fluxes."""

from __future__ import annotations

import torch

from metagnn._typing import GivenFluxes, GivenMetric, Scalar
from metagnn.network.precision import as_floating, working


def masked_mse(
    predicted: GivenFluxes,
    observed: GivenFluxes,
    scale: GivenMetric | None = None,
    weight: GivenFluxes | None = None,
) -> Scalar:
    """Compute the mean squared error over the observed entries.

    Args:
        predicted: Predicted fluxes, shape `[..., reactions]` [mmol/gDW/h].
        observed: Observed fluxes, NaN where not measured; the loss is zero if nothing was.
        scale: Error of every reaction that counts as one, shape `[reactions]`.
        weight: Weight ≥ 0 of every entry in the mean, shape as the observed fluxes; all equal by default.

    >>> masked_mse(torch.tensor([1.0, 5.0]), torch.tensor([3.0, torch.nan])).item()
    4.0
    """
    predicted, observed = as_floating("predicted", predicted), as_floating("observed", observed)
    dtype = torch.promote_types(predicted.dtype, observed.dtype)
    # Square half precision in float32: 300² exceeds the largest float16.
    predicted, observed = working(predicted), working(observed)
    seen = ~torch.isnan(observed)
    # Mask before the subtraction: NaN times zero is NaN and would spoil the gradient.
    error = torch.where(seen, predicted - torch.where(seen, observed, 0.0), 0.0)
    if scale is not None:
        error = error / scale
    if weight is None:
        loss = error.square().sum() / seen.sum().clamp(min=1)
    else:
        total = torch.where(seen, weight, 0.0).sum()
        loss = (weight * error.square()).sum() / torch.where(total > 0, total, 1.0)
    return loss.to(dtype)
