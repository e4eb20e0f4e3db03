"""MediumBounds: learn uptake bounds from the composition of a medium."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

USUAL_UPTAKE = 10.0
"""Largest uptake of every exchange before training [mmol/gDW/h]: the usual limit of glucose in published models."""


class MediumBounds(nn.Module):
    r"""Largest uptake of every nutrient in a medium, from the states of the exchange nodes.

    $u_{sr} = m_{sr} \exp(a + f(h_r, \bar h_s))$ with the presence $m$, the state $h_r$ of the exchange, and the mean
    state $\bar h_s$ of all nutrients in the medium, because other substrates may reduce an uptake. All substrates
    share all parameters, so the uptake of a substrate outside the training set follows from its node. Absent nutrients
    have no uptake.

    Args:
        channels: Width of the node states.

    Shapes:
        states `[exchanges, channels]`, presence `[samples, exchanges]` in [0, 1]; to `[samples, exchanges]`
        [mmol/gDW/h].
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, 1))
        self.log_uptake = nn.Parameter(torch.empty(()))
        self.reset_head()

    def reset_head(self) -> None:
        """Set every uptake to the usual one."""
        for parameter in self.head[-1].parameters():
            nn.init.zeros_(parameter)
        nn.init.constant_(self.log_uptake, math.log(USUAL_UPTAKE))

    def forward(self, states: Tensor, presence: Tensor) -> Tensor:
        """Compute the largest uptakes in every medium."""
        held = presence.to(states.dtype)
        # Avoid 0 / 0 for an empty medium; its uptakes are zero in any case.
        medium = (held @ states) / held.sum(-1, keepdim=True).clamp(min=1.0)
        samples, exchanges = held.shape
        pairs = torch.cat([states.expand(samples, -1, -1), medium[:, None, :].expand(-1, exchanges, -1)], dim=-1)
        return held * torch.exp(self.log_uptake + self.head(pairs).squeeze(-1))
