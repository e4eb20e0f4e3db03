"""Limit growth in bounds of groups of reactions by the cuts of `metagnn.fba.growth_cuts`."""

from __future__ import annotations

import torch
from torch import Tensor

from metagnn.nn.reaction_groups import ReactionGroups

FAR = 1e30
"""What stands for a bound of infinity in a sum over bounds."""


def limit_growth(low: Tensor, high: Tensor, cuts: Tensor, groups: ReactionGroups, growth: int) -> tuple[Tensor, Tensor]:
    """Return the bounds with growth at most what every cut allows; those of the other groups as they are.

    Args:
        low: Lower bounds of the groups, shape `[..., groups]`.
        high: Upper bounds, the same shape.
        cuts: Prices of the bounds, shape `[cuts, groups]`; without a cut nothing changes.
        groups: The groups.
        growth: Position of the growth reaction.
    """
    if not len(cuts):
        return low, high
    cuts, group, ratio = cuts.to(high), groups.group[growth], groups.ratio[growth].to(high)
    # A bound of infinity times a price of nothing is no number.
    most = high.clamp(max=FAR) @ cuts.clamp(min=0.0).T + low.clamp(min=-FAR) @ cuts.clamp(max=0.0).T
    least = most.amin(-1, keepdim=True) / ratio
    grows = torch.arange(groups.groups, device=high.device) == group
    # Never beyond the other bound: a sample that no flux satisfies has bounds that cross.
    limited_low = torch.where(grows & (ratio < 0), torch.minimum(torch.maximum(low, least), high), low)
    limited_high = torch.where(grows & (ratio > 0), torch.maximum(torch.minimum(high, least), low), high)
    return limited_low, limited_high
