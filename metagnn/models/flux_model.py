"""AbstractFluxModel: the interface of every flux model to training and prediction."""

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
"""Samples per forward pass of a prediction: enough to share one run of the encoder, few enough to limit memory."""


class AbstractFluxModel(nn.Module, ABC):
    """Map from the conditions of samples to their fluxes.

    A model belongs to one network. It takes one record and returns one record, so that a new field of the conditions
    changes only the models that use it.

    Attributes:
        growth_index: Position of the growth reaction.
        beside: Names of buffers that belong to this network and its media. They are saved apart from the weights,
            which can be loaded for another network.
    """

    growth_index: int
    beside: ClassVar[tuple[str, ...]] = ()

    def __call__(
        self,
        conditions: Conditions | Tensor,
        upper: Tensor | None = None,
        measured: Tensor | None = None,
        deviation: Tensor | None = None,
    ) -> FluxPrediction:
        """Predict; `model(lower, upper)` is `model(Conditions(lower, upper))`.

        Raises:
            InputError: Lower bounds without upper ones.
        """
        if not isinstance(conditions, Conditions):
            if upper is None:
                raise InputError("`upper` is missing; expected a `Conditions`, or lower and upper bounds")
            conditions = Conditions(conditions, upper, measured, deviation)
        prediction: FluxPrediction = super().__call__(conditions)
        return prediction

    @abstractmethod
    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Predict the fluxes of every sample."""

    @property
    def biomass(self) -> BiomassComposition | None:
        """Trainable composition of biomass; None if the composition is fixed."""
        return None

    def prepare(self, network: NetworkLike, conditions: Conditions) -> None:
        """Set untrained quantities, such as scales, from the media; do nothing by default.

        Args:
            network: The network.
            conditions: Conditions of the samples to train on or to predict.
        """

    def check_loaded(self) -> None:
        """Check what was loaded and has no fixed shape; do nothing by default.

        Raises:
            RuntimeError: It does not fit the network.
        """

    def after_training(self, samples: FluxBatch, scale: Tensor) -> None:
        """Prepare the trained model for prediction; do nothing by default.

        Args:
            samples: The training samples.
            scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        """

    def with_constraint(self, constraint: str | AbstractConstraint) -> AbstractFluxModel:
        """Return a copy with the same weights and another last operation; this model does not change.

        Raises:
            InputError: The last operation of this model cannot be changed.
        """
        raise InputError(f"the last operation of a {type(self).__name__} cannot be changed; expected a FluxGNN")

    def predict_fluxes(self, conditions: Conditions) -> np.ndarray:
        """Predict fluxes without gradients, in chunks of samples, shape `[samples, reactions]` [mmol/gDW/h]."""
        with torch.no_grad():
            parts = conditions.split(CHUNK)
            return np.concatenate([self(part).fluxes.cpu().numpy() for part in parts])
