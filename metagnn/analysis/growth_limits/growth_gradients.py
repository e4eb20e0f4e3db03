"""Gradient of predicted growth by every bound, by automatic differentiation of a FluxGNN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions

CHUNK = 256
"""Samples of a backward pass, which keeps every step of the splitting in memory."""


@dataclass(frozen=True, eq=False)
class GrowthGradients:
    """Predicted growth and its gradient.

    Attributes:
        growth: Shape `[samples]` [1/h].
        lower: d growth / d lower bound, shape `[samples, reactions]` [gDW/mmol].
        upper: d growth / d upper bound, the same shape.
    """

    growth: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def growth_gradients(model: AbstractFluxModel, lower: np.ndarray, upper: np.ndarray) -> GrowthGradients:
    """Compute the gradient of predicted growth by every bound, one backward pass for many media.

    The counterpart of the reduced costs of the linear program, for the growth that the model has learned.

    Args:
        model: A trained model.
        lower: Lower bounds, shape `[samples, reactions]` [mmol/gDW/h].
        upper: Upper bounds, the same shape.
    """
    growth, gradients = np.empty(len(lower)), np.empty((2, *lower.shape))
    for start in range(0, len(lower), CHUNK):
        rows = slice(start, start + CHUNK)
        bounds = [torch.tensor(array[rows], dtype=torch.float64, requires_grad=True) for array in (lower, upper)]
        predicted = model(Conditions(lower=bounds[0], upper=bounds[1])).fluxes[:, model.growth_index]
        # Samples share only weights: the gradient of the sum holds the gradient of each.
        gradients[:, rows] = torch.stack(torch.autograd.grad(predicted.nansum(), bounds)).numpy()
        growth[rows] = predicted.detach().numpy()
    return GrowthGradients(growth, *gradients)
