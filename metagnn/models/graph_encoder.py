"""Graph encoder: compute a state of every reaction node from the network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metagnn._typing import EdgeIndex
from metagnn.nn.stoichiometric_conv import StoichiometricConv


class GraphEncoder(nn.Module):
    """Rounds of bipartite message passing between metabolites and reactions.

    It reads the static graph, not the samples, and so runs once per forward pass, whatever the batch size.
    All nodes share all parameters, so the same weights apply to another network.

    Args:
        metabolite_features: Input features of every metabolite.
        reaction_features: Input features of every reaction.
        hidden_channels: Width of the node states.
        num_layers: Rounds of messages to the reactions; between two rounds, one round back to the metabolites.

    Shapes:
        features `[metabolites, metabolite_features]` and `[reactions, reaction_features]`, edges `[2, edges]`
        from metabolite to reaction with signed coefficients `[edges]`; to `[reactions, hidden_channels]`.
    """

    def __init__(
        self, metabolite_features: int, reaction_features: int, hidden_channels: int = 32, num_layers: int = 4
    ) -> None:
        super().__init__()
        width = hidden_channels
        self.embed_metabolite = nn.Linear(metabolite_features, width)
        self.embed_reaction = nn.Linear(reaction_features, width)
        self.to_reaction = nn.ModuleList(StoichiometricConv((width, width), width) for _ in range(num_layers))
        # Nothing reads the metabolites after the last round.
        self.to_metabolite = nn.ModuleList(StoichiometricConv((width, width), width) for _ in range(num_layers - 1))
        self.norm_reaction = nn.ModuleList(nn.LayerNorm(width) for _ in range(num_layers))
        self.norm_metabolite = nn.ModuleList(nn.LayerNorm(width) for _ in range(num_layers - 1))

    def forward(self, metabolites: Tensor, reactions: Tensor, edge_index: EdgeIndex, edge_weight: Tensor) -> Tensor:
        """Compute the state of every reaction."""
        # Features are float32; convert them to the dtype of the weights.
        dtype = self.embed_metabolite.weight.dtype
        m = torch.relu(self.embed_metabolite(metabolites.to(dtype)))
        r = torch.relu(self.embed_reaction(reactions.to(dtype)))
        backward_index = edge_index.flip(0)
        # Residual and normalised: otherwise, after four rounds, the features of hubs hide those of the node itself.
        for layer, (convolve, normalise) in enumerate(zip(self.to_reaction, self.norm_reaction, strict=True)):
            if layer > 0:
                update = self.to_metabolite[layer - 1]((r, m), backward_index, edge_weight)
                m = self.norm_metabolite[layer - 1](m + torch.relu(update))
            r = normalise(r + torch.relu(convolve((m, r), edge_index, edge_weight)))
        return r
