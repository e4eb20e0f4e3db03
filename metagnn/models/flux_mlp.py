"""FluxMLP: the plain feed-forward baseline, made as good as it gets."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metagnn._typing import Fluxes
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network.conditions import Conditions
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.steady_state import SteadyStateProjection


def feed_forward(inputs: int, outputs: int, hidden_channels: int = 256) -> nn.Sequential:
    """Two hidden layers with ReLU between."""
    return nn.Sequential(
        nn.Linear(inputs, hidden_channels),
        nn.ReLU(),
        nn.Linear(hidden_channels, hidden_channels),
        nn.ReLU(),
        nn.Linear(hidden_channels, outputs),
    )


class FluxMLP(AbstractFluxModel):
    """Feed-forward network from uptake limits to all fluxes, projected to steady state.

    Inputs and outputs are standardised by the training data: the mean of feasible fluxes is feasible itself, so
    the network only has to learn deviations from it. Beside every graph network, it is the rival to beat.

    Args:
        network: The network.
        lower: Lower bounds of the training samples, shape `[samples, reactions]` [mmol/gDW/h].
        fluxes: Their fluxes, complete, the same shape [mmol/gDW/h].
        hidden_channels: Width of both hidden layers.

    Raises:
        NetworkError: The network has no growth reaction.
    """

    input_index: Tensor
    input_mean: Tensor
    input_scale: Tensor
    output_mean: Tensor
    output_scale: Tensor

    def __init__(self, network: NetworkLike, lower: Fluxes, fluxes: Fluxes, hidden_channels: int = 256) -> None:
        super().__init__()
        network = as_network(network)
        self.growth_index = network.reaction_index(network.growth_reaction)
        self.projection = SteadyStateProjection(network.stoichiometry)
        varies, dtype = lower.std(0, correction=0) > 0, torch.get_default_dtype()
        self.register_buffer("input_index", torch.nonzero(varies).squeeze(-1))
        self.register_buffer("input_mean", lower[:, varies].mean(0).to(dtype))
        self.register_buffer("input_scale", lower[:, varies].std(0, correction=0).to(dtype))
        self.register_buffer("output_mean", fluxes.mean(0).to(dtype))
        self.register_buffer("output_scale", fluxes.std(0, correction=0).to(dtype))
        self.layers = feed_forward(int(varies.sum()), fluxes.shape[1], hidden_channels)

    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Predict every flux from the lower bounds."""
        x = (conditions.lower[..., self.input_index].to(self.input_mean) - self.input_mean) / self.input_scale
        raw = self.output_mean + self.output_scale * self.layers(x)
        return FluxPrediction(self.projection(raw.to(torch.float64)), self.growth_index)
