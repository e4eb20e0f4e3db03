"""Supervised loss over whatever was measured."""

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
    """Mean squared error over the observed entries.

    Args:
        predicted: Predicted fluxes, shape `[..., reactions]` [mmol/gDW/h].
        observed: Observed fluxes, NaN where nothing was measured; zero loss where nothing is observed at all.
        scale: Size of every reaction's error that counts as one, shape `[reactions]`.
        weight: How much every entry counts in the mean, ≥ 0, shape as the observed fluxes; all alike by default.

    >>> masked_mse(torch.tensor([1.0, 5.0]), torch.tensor([3.0, torch.nan])).item()
    4.0
    """
    predicted, observed = as_floating("predicted", predicted), as_floating("observed", observed)
    dtype = torch.promote_types(predicted.dtype, observed.dtype)
    # A half is squared in float32: 300 mmol/gDW/h squared is more than float16 can hold.
    predicted, observed = working(predicted), working(observed)
    seen = ~torch.isnan(observed)
    # Masked before the subtraction: a NaN times zero would poison the gradient.
    error = torch.where(seen, predicted - torch.where(seen, observed, 0.0), 0.0)
    if scale is not None:
        error = error / scale
    if weight is None:
        loss = error.square().sum() / seen.sum().clamp(min=1)
    else:
        total = torch.where(seen, weight, 0.0).sum()
        loss = (weight * error.square()).sum() / torch.where(total > 0, total, 1.0)
    return loss.to(dtype)
