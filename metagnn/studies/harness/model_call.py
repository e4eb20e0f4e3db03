"""Call a flux model on a batch of samples."""

from __future__ import annotations

from torch import nn

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.models.flux_prediction import FluxPrediction


def call_model(model: nn.Module, batch: FluxBatch) -> FluxPrediction:
    """Predict the fluxes of a batch; what was observed is not shown to the model."""
    prediction: FluxPrediction = model(batch.lower, batch.upper, batch.measured, batch.deviation)
    return prediction
