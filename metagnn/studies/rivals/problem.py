"""What a rival on labelled media gets, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.samples import Samples
from metagnn.studies.rivals.feed_forward import FeedForwardConfig
from metagnn.studies.rivals.regressions import Tuning
from metagnn.training.config import TrainingConfig

MLP_TRAINING = TrainingConfig(epochs=600, learning_rate=3e-3, bound_weight=0.0)
"""The best of eight settings tried for the feed-forward network (batches of 32 and all, 300 to 600 epochs, learning
rates from 1e-3 to 1e-2, weight decay from 0 to 0.3), by growth on media of the same ranges."""


@dataclass(frozen=True)
class Effort:
    """How much work every model may put in.

    Attributes:
        training: Training of FluxGNN.
        config: Sizes of FluxGNN.
        mlp_training: Training of the feed-forward network.
        mlp: Sizes and projection of the feed-forward network.
        tuning: Cross-validation of the regressions; None chooses the penalty of ridge regression by leave-one-out.
    """

    training: TrainingConfig = field(default_factory=TrainingConfig)
    config: FluxGNNConfig = field(default_factory=FluxGNNConfig)
    mlp_training: TrainingConfig = MLP_TRAINING
    mlp: FeedForwardConfig = field(default_factory=FeedForwardConfig)
    tuning: Tuning | None = None


QUICK = Effort(
    TrainingConfig(epochs=2),
    FluxGNNConfig(hidden_channels=8, num_layers=2, steps=12),
    TrainingConfig(epochs=2),
    tuning=Tuning(1, 2),
)
"""Too little work for good scores; enough to see that everything runs."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What a rival learns from; it sees test media only when it predicts.

    Attributes:
        network: The network.
        train: Training media and their targets, any subset of the reactions.
        effort: How much work the rival may put in.
    """

    network: MetabolicNetwork
    train: Samples
    effort: Effort

    def batch(self) -> FluxBatch:
        """Return the training samples as tensors."""
        observed = self.fill(list(self.train.fluxes.columns), self.train.fluxes.to_numpy())
        return FluxBatch(self.conditions(self.train.media), torch.from_numpy(observed))

    def conditions(self, media: pd.DataFrame) -> Conditions:
        """Return what a model is told about some media."""
        lower, upper = (torch.from_numpy(bound) for bound in self.bounds(media))
        return Conditions(lower, upper)

    def fill(self, columns: Sequence[str], values: np.ndarray) -> np.ndarray:
        """Place the fluxes of some reactions among all, the others NaN, `[samples, reactions]` [mmol/gDW/h]."""
        fluxes = np.full((len(values), len(self.network.reactions)), np.nan)
        fluxes[:, [self.network.reaction_index(name) for name in columns]] = values
        return fluxes

    def bounds(self, media: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return lower and upper bounds of some media, each `[samples, reactions]` [mmol/gDW/h]."""
        return self.network.uptake_bounds(list(media.columns), media.to_numpy())


Answers = dict[str, np.ndarray]
"""Fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where a rival predicts nothing; by the constraint that they
were predicted under, or under "" where a rival has one answer."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained rival.

    Attributes:
        predict: From media to fluxes.
        history: Terms of the objective by epoch; empty for rivals without epochs.
    """

    predict: Callable[[pd.DataFrame], Answers]
    history: pd.DataFrame = field(default_factory=pd.DataFrame)


Rival = Callable[[Problem, int], Fitted]
"""Trains on a problem with a seed."""
