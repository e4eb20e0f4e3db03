"""Groups of reactions that move together: conversion between values of reactions and of groups."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from metagnn._typing import Fluxes, GivenFluxes
from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.network.float64_module import Float64Module
from metagnn.network.precision import as_floating

TIE = 1e-10, 1e-12
"""Treat bounds of a group that contradict each other by less as equal: absolute [mmol/gDW/h], and relative."""


class ReactionGroups(Float64Module):
    """Conversion of targets, bounds and weights from reactions to groups, and of fluxes from groups to reactions.

    Weights are added, targets averaged and bounds intersected, so that a weighted distance of fluxes changes only by a
    constant. Blocked reactions carry no flux. Integer tensors are converted to float64.

    Args:
        group: Group of every reaction, −1 where it can carry no flux, shape `[reactions]`.
        ratio: Flux of the reaction per flux of its group, shape `[reactions]`.
        basis: Basis of the group fluxes at steady state, stored as a buffer, shape `[groups, nullity]`.

    Shapes:
        of reactions `[..., reactions]`, of groups `[..., groups]` [mmol/gDW/h].
    """

    group: Tensor
    ratio: Tensor
    moving: Tensor

    basis: Tensor | None

    def __init__(self, group: np.ndarray, ratio: np.ndarray, basis: np.ndarray | None = None) -> None:
        super().__init__()
        self.register_buffer("basis", None if basis is None else torch.from_numpy(basis), persistent=False)
        self.groups = int(group.max(initial=-1)) + 1
        # Put blocked reactions in an extra group with ratio 0.
        sent = np.where(group < 0, self.groups, group)
        for name, array in (("group", sent), ("ratio", ratio), ("moving", np.flatnonzero(group >= 0))):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array)), persistent=False)

    @classmethod
    def from_coupled(cls, coupled: CoupledReactions, basis: np.ndarray | None = None) -> ReactionGroups:
        """Make the groups of a network."""
        return cls(coupled.group, coupled.ratio, basis)

    def weights(self, weight: Tensor) -> Tensor:
        """Compute the weight of every group."""
        weight = as_floating("weight", weight)
        pull = weight[..., self.moving] * self._factor(weight).square()
        return self._sum(pull)

    def means(self, values: Tensor, weight: Tensor) -> Tensor:
        """Compute the weighted mean of the group fluxes that the members give; the weight is that of `weights`."""
        values, weight = as_floating("values", values), as_floating("weight", weight)
        pull = weight[..., self.moving] * self._factor(values)
        return self._sum(pull * values[..., self.moving]) / self.weights(weight)

    def averages(self, values: Tensor, weight: Tensor) -> Tensor:
        """Compute the weighted average of a quantity without direction, such as a cost."""
        values, weight = as_floating("values", values), as_floating("weight", weight)
        pull = weight[..., self.moving] * self._factor(values).square()
        return self._sum(pull * values[..., self.moving]) / self.weights(weight)

    def bounds(self, lower: GivenFluxes, upper: GivenFluxes) -> tuple[Tensor, Tensor]:
        """Compute the tightest bounds of every group from those of its members."""
        lower, upper = as_floating("lower", lower), as_floating("upper", upper)
        factor = self._factor(lower)
        low, high = lower[..., self.moving] / factor, upper[..., self.moving] / factor
        low, high = torch.where(factor > 0, low, high), torch.where(factor > 0, high, low)
        index = self.group[self.moving].expand(low.shape)
        shape = (*low.shape[:-1], self.groups)
        tightest_low = low.new_full(shape, -torch.inf).scatter_reduce(-1, index, low, "amax")
        tightest_high = high.new_full(shape, torch.inf).scatter_reduce(-1, index, high, "amin")
        return _join_ties(tightest_low, tightest_high)

    def expand(self, values: Tensor) -> Fluxes:
        """Compute the fluxes of reactions; if any group of a sample is NaN, the whole sample is NaN."""
        values = as_floating("values", values)
        padded = torch.cat([values, values.new_zeros(*values.shape[:-1], 1)], dim=-1)
        fluxes: Tensor = padded[..., self.group] * self.ratio.to(values.dtype)
        return torch.where(torch.isnan(values).any(-1, keepdim=True), torch.nan, fluxes)

    def collect(self, fluxes: GivenFluxes) -> Tensor:
        """Compute the flux of every group from its first member."""
        fluxes = as_floating("fluxes", fluxes)
        first = torch.full((self.groups,), len(self.group), device=fluxes.device, dtype=torch.int64)
        first = first.scatter_reduce(0, self.group[self.moving], self.moving, "amin")
        return fluxes[..., first] / self.ratio[first].to(fluxes.dtype)

    def _factor(self, like: Tensor) -> Tensor:
        return self.ratio[self.moving].to(like.dtype)

    def _sum(self, values: Tensor) -> Tensor:
        zeros = values.new_zeros(*values.shape[:-1], self.groups)
        return zeros.index_add(-1, self.group[self.moving], values)


def _join_ties(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Replace bounds that rounding put in the wrong order by their mean."""
    tied = (low > high) & (low - high <= TIE[0] + TIE[1] * low.abs())
    middle = (low + high) / 2
    return torch.where(tied, middle, low), torch.where(tied, middle, high)
