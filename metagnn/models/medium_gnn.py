"""MediumGNN: growth from a list of what the medium holds, through learned uptakes and flux balance analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metagnn.errors import InputError
from metagnn.graph.features import node_features
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.graph_encoder import GraphEncoder
from metagnn.models.medium_bounds import MediumBounds
from metagnn.network.conditions import Conditions
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.growth_optimum import GrowthOptimum


@dataclass(frozen=True)
class MediumGNNConfig:
    """Settings of a MediumGNN.

    Attributes:
        hidden_channels: Width of the node states.
        num_layers: Rounds of message passing in the encoder.
    """

    hidden_channels: int = 16
    num_layers: int = 3

    def __post_init__(self) -> None:
        for name in ("hidden_channels", "num_layers"):
            if getattr(self, name) < 1:
                raise InputError(f"`{name}` is {getattr(self, name)}; expected at least 1")


class MediumGNN(AbstractFluxModel):
    """Half learned, half mechanistic: a graph encoder learns uptakes, a linear program turns them into growth.

    For media of which only is known what they hold. The uptakes are learned from growth alone, through the shadow
    prices of the program. (The idea of a learned layer before a mechanistic one: Faure et al. 2023,
    doi 10.1038/s41467-023-40380-0; there the layer has parameters of its own for every substrate.)

    Args:
        network: The network.
        inputs: Exchanges that the media name.
        config: Widths.

    Attributes:
        exchanges: The inputs, in the order of the uptakes.

    Shapes:
        lower, upper `[samples, reactions]` [mmol/gDW/h]; of the inputs only whether uptake is open is read. To a
        `FluxPrediction` that holds growth alone, the other fluxes NaN.

    Raises:
        TableError: An input is no exchange of the network.
        NetworkError: The network has no growth reaction.
    """

    metabolite_features: Tensor
    reaction_features: Tensor
    input_index: Tensor
    input_forward: Tensor

    def __init__(self, network: NetworkLike, inputs: Sequence[str], config: MediumGNNConfig | None = None) -> None:
        super().__init__()
        network = as_network(network)
        self.config, self.exchanges = config or MediumGNNConfig(), tuple(inputs)
        self.growth_index = network.reaction_index(network.growth_reaction)
        features = node_features(network, inputs)
        self.register_buffer("metabolite_features", features.metabolite, persistent=False)
        self.register_buffer("reaction_features", features.reaction, persistent=False)
        positions = np.array([network.reaction_index(name) for name in inputs], dtype=np.int64)
        self.register_buffer("input_index", torch.from_numpy(positions), persistent=False)
        forward = dict(zip(network.exchanges, network.imports_forward.tolist(), strict=True))
        self.register_buffer("input_forward", torch.tensor([forward[name] for name in inputs]), persistent=False)
        edges = network.stoichiometry
        self.register_buffer("edge_index", edges.edge_index, persistent=False)
        self.register_buffer("edge_value", edges.value, persistent=False)
        width = self.config.hidden_channels
        self.encoder = GraphEncoder(
            features.metabolite.shape[1], features.reaction.shape[1], width, self.config.num_layers
        )
        self.bounds = MediumBounds(width)
        self.optimum = GrowthOptimum(network)

    def uptakes(self, presence: Tensor) -> Tensor:
        """Learned largest uptakes of media, shape `[samples, inputs]` [mmol/gDW/h].

        Args:
            presence: Which inputs a medium holds, the same shape.
        """
        states = self.encoder(self.metabolite_features, self.reaction_features, self.edge_index, self.edge_value)
        learned: Tensor = self.bounds(states[self.input_index], presence)
        return learned

    def presence(self, conditions: Conditions) -> Tensor:
        """Which inputs every medium holds, boolean, shape `[samples, inputs]`: those that are open for uptake."""
        # Most models write an uptake as a flux below zero; an exchange written the other way takes up above it.
        low, high = conditions.lower[..., self.input_index], conditions.upper[..., self.input_index]
        return torch.where(self.input_forward, high, -low) > 0

    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Growth of every medium."""
        lower, upper, index, forward = conditions.lower, conditions.upper, self.input_index, self.input_forward
        present = self.presence(conditions)
        uptakes = self.uptakes(present.to(self.reaction_features.dtype)).to(lower.dtype)
        opened = (
            lower.index_copy(-1, index, torch.where(forward, lower[..., index], -uptakes)),
            upper.index_copy(-1, index, torch.where(forward, uptakes, upper[..., index])),
        )
        # Every program starts from the last one's optimum: beside a medium that holds the same, it is nearly there.
        order = torch.from_numpy(np.lexsort(present.cpu().numpy().T)).to(lower.device)
        growth = self.optimum(*(bound[order] for bound in opened))[order.argsort()]
        fluxes = torch.full_like(lower, torch.nan)
        grown = torch.tensor([self.growth_index], device=lower.device)
        return FluxPrediction(fluxes.index_copy(-1, grown, growth[..., None].to(lower.dtype)), self.growth_index)
