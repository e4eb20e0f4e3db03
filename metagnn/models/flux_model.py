"""AbstractFluxModel: what training and prediction ask of every model of fluxes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.models.constraint import AbstractConstraint
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network.conditions import Conditions
from metagnn.network.network_like import NetworkLike
from metagnn.nn.biomass import BiomassComposition

CHUNK = 1024
"""Samples per forward pass of a prediction: the encoder runs once for all of them, and memory stays bounded."""


class AbstractFluxModel(nn.Module, ABC):
    """Maps what is known of samples to their fluxes.

    A model is made for one network and remembers what it needs of it. It takes one record and gives one record, so
    that whatever else is known of a sample reaches the models that use it without passing through the others.

    Attributes:
        growth_index: Position of the growth reaction.
        beside: Names of buffers that belong to this network and its media: saved beside the weights, which may serve
            another network.
    """

    growth_index: int
    beside: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Predict the fluxes of every sample."""

    @property
    def biomass(self) -> BiomassComposition | None:
        """The trainable composition of biomass; None where it is that of the network."""
        return None

    def prepare(self, network: NetworkLike, conditions: Conditions) -> None:
        """Take from the media what no training finds, such as scales; nothing by default.

        Args:
            network: The network.
            conditions: What is known of the samples that the model will be trained on or asked for.
        """

    def after_training(self, samples: FluxBatch, scale: Tensor) -> None:
        """Take what a trained model needs before it predicts; nothing by default.

        Args:
            samples: What it was trained on.
            scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        """

    def with_constraint(self, constraint: str | AbstractConstraint) -> AbstractFluxModel:
        """A copy with another last operation, weights included; this model stays as it is.

        Raises:
            InputError: The model has no other last operation.
        """
        raise InputError(f"a {type(self).__name__} has one last operation; expected a FluxGNN to change it")

    def predict_fluxes(self, conditions: Conditions) -> np.ndarray:
        """Fluxes without gradients, some samples at a time, shape `[samples, reactions]` [mmol/gDW/h]."""
        with torch.no_grad():
            parts = conditions.split(CHUNK)
            return np.concatenate([self(part).fluxes.cpu().numpy() for part in parts])
