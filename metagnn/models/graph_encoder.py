"""Graph encoder: reads what the network is and gives every reaction node a state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metagnn._typing import EdgeIndex
from metagnn.nn.stoichiometric_conv import StoichiometricConv


class GraphEncoder(nn.Module):
    """Rounds of bipartite message passing between metabolites and reactions.

    It reads the static graph, not the samples, and therefore runs once per forward pass whatever the batch.
    Every parameter is shared by all nodes, so the same weights apply to another network.

    Args:
        metabolite_features: Input features of every metabolite.
        reaction_features: Input features of every reaction.
        hidden_channels: Width of the node states.
        num_layers: Rounds of message passing, each metabolites → reactions → metabolites.

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
        self.to_metabolite = nn.ModuleList(StoichiometricConv((width, width), width) for _ in range(num_layers))
        self.norm_reaction = nn.ModuleList(nn.LayerNorm(width) for _ in range(num_layers))
        self.norm_metabolite = nn.ModuleList(nn.LayerNorm(width) for _ in range(num_layers))

    def forward(self, metabolites: Tensor, reactions: Tensor, edge_index: EdgeIndex, edge_weight: Tensor) -> Tensor:
        """State of every reaction."""
        m, r = torch.relu(self.embed_metabolite(metabolites)), torch.relu(self.embed_reaction(reactions))
        backward_index = edge_index.flip(0)
        layers = zip(self.to_reaction, self.norm_reaction, self.to_metabolite, self.norm_metabolite, strict=True)
        for to_reaction, norm_reaction, to_metabolite, norm_metabolite in layers:
            # Residual and normalised: four rounds would otherwise drown the node's own features in its hubs'.
            r = norm_reaction(r + torch.relu(to_reaction((m, r), edge_index, edge_weight)))
            m = norm_metabolite(m + torch.relu(to_metabolite((r, m), backward_index, edge_weight)))
        return r
