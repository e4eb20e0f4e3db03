"""Fluxes of many samples by a model that takes some at a time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

CHUNK = 1024
"""Samples per forward pass: the encoder runs once for all of them, and memory stays bounded."""


def predict_chunks(model: nn.Module, *tensors: Tensor | None) -> np.ndarray:
    """Fluxes, shape `[samples, reactions]` [mmol/gDW/h], without gradients.

    Args:
        model: Maps bounds and measurements to a `FluxPrediction`.
        tensors: Lower and upper bounds, measured rates and deviations, shape `[samples, reactions]`, or None.
    """
    count = next(len(tensor) for tensor in tensors if tensor is not None)
    chunks = []
    with torch.no_grad():
        for start in range(0, count, CHUNK):
            rows = slice(start, start + CHUNK)
            prediction = model(*(None if tensor is None else tensor[rows] for tensor in tensors))
            chunks.append(prediction.fluxes.cpu().numpy())
    return np.concatenate(chunks)
