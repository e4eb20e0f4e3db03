"""FeedForward: the plain feed-forward rival, with the best settings found for it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError, unknown_name
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.loss_terms import SupervisedTerm
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.steady_state import SteadyStateProjection
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import fit_fluxes
from metagnn.training.objective import Objective

METRICS = ("plain", "spread")

SMALLEST_SPREAD = 0.05
"""Smallest spread of a flux in the metric "spread" [mmol/gDW/h]."""


@dataclass(frozen=True)
class FeedForwardConfig:
    """Settings of a FeedForward.

    Attributes:
        hidden_channels: Width of both hidden layers.
        metric: How the projection weighs reactions: "plain" weighs all alike, in training and in answers; "spread"
            weighs each by 1/σ² of the training fluxes, in answers only: in training it would cost a factorisation
            at every step.
    """

    hidden_channels: int = 256
    metric: str = "plain"

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise InputError("`metric`: " + unknown_name(str(self.metric), METRICS, "metric"))


class FeedForward(AbstractFluxModel):
    """Feed-forward network from uptake limits to fluxes; complete fluxes are projected to steady state.

    Inputs and outputs are standardised by the training data: the mean of feasible fluxes is feasible itself, so the
    network only has to learn deviations from it. It predicts the reactions that every training sample observes, and
    is projected if these are all reactions.

    Args:
        network: The network.
        samples: Training samples, for the standardisation.
        config: Width and metric.

    Raises:
        InputError: No reaction is observed in every sample.
        NetworkError: The network has no growth reaction.
    """

    input_index: Tensor
    input_mean: Tensor
    input_scale: Tensor
    output_index: Tensor
    output_mean: Tensor
    output_scale: Tensor

    def __init__(self, network: MetabolicNetwork, samples: FluxBatch, config: FeedForwardConfig | None = None) -> None:
        super().__init__()
        config = config or FeedForwardConfig()
        self.growth_index = network.reaction_index(network.growth_reaction)
        lower, complete = samples.conditions.lower, ~torch.isnan(samples.observed).any(0)
        if not bool(complete.any()):
            raise InputError("`samples` observe no reaction in every sample; expected at least one such reaction")
        self.weighted = config.metric == "spread"
        self.projection = SteadyStateProjection(network.stoichiometry) if bool(complete.all()) else None
        dtype = torch.get_default_dtype()
        fluxes, varies = samples.observed[:, complete], lower.std(0, correction=0) > 0
        spread = fluxes.std(0, correction=0)
        self.register_buffer("input_index", torch.nonzero(varies).squeeze(-1))
        self.register_buffer("input_mean", lower[:, varies].mean(0).to(dtype))
        self.register_buffer("input_scale", lower[:, varies].std(0, correction=0).to(dtype))
        self.register_buffer("output_index", torch.nonzero(complete).squeeze(-1))
        self.register_buffer("output_mean", fluxes.mean(0).to(dtype))
        self.register_buffer("output_scale", (spread.clamp(min=SMALLEST_SPREAD) if self.weighted else spread).to(dtype))
        width = config.hidden_channels
        self.layers = nn.Sequential(
            nn.Linear(int(varies.sum()), width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, fluxes.shape[1]),
        )

    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Predict fluxes from the lower bounds, NaN where nothing was observed."""
        lower = conditions.lower
        x = (lower[..., self.input_index].to(self.input_mean) - self.input_mean) / self.input_scale
        fluxes = (self.output_mean + self.output_scale * self.layers(x)).to(torch.float64)
        if self.projection is None:
            everything = torch.full_like(lower, torch.nan)
            return FluxPrediction(everything.index_copy(-1, self.output_index, fluxes), self.growth_index)
        if not self.weighted:
            fluxes = self.projection(fluxes)
        elif not self.training:
            fluxes = self.projection(fluxes, self.output_scale.to(torch.float64) ** -2)
        return FluxPrediction(fluxes, self.growth_index)


def fit_feed_forward(
    network: MetabolicNetwork, samples: FluxBatch, config: FeedForwardConfig, training: TrainingConfig, seed: int
) -> tuple[FeedForward, pd.DataFrame]:
    """Train a FeedForward on the observed fluxes; return it with its history.

    Args:
        network: The network.
        samples: Training samples.
        config: Width and metric.
        training: Optimiser and schedule.
        seed: Seed of the weights and of the order of the samples.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FeedForward(network, samples, config)
    # The metric of the loss is that of the projection, where it has one.
    scale = model.output_scale.double() if model.weighted else samples.scale(growth_index=model.growth_index)
    objective = Objective({"flux_error": (1.0, SupervisedTerm(scale))})
    return model, fit_fluxes(model, objective, samples, training, seed, progress=False)
