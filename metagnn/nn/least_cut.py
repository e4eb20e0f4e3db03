"""LeastCut: growth as the least of linear functions of the uptakes, a layer that gathers them as it is trained."""

from __future__ import annotations

import torch
from torch import Tensor

from metagnn.network.float64_module import Float64Module

CAPACITY = 1024
"""Most functions that are kept; a genome-scale network with sixteen nutrients has a few hundred."""

DIGITS = 7
"""Decimals to which two functions must agree to be one."""

LEAK = 0.1
"""Slope of growth below zero: a medium that starves still says in which direction it starves less."""


class LeastCut(Float64Module):
    """Growth of flux balance analysis as the least of linear functions of the largest uptakes.

    Each function is exact where it was found (`UptakeCuts`) and never below growth elsewhere, so that the least one is
    an upper estimate, and exact once enough are known. It costs a product of matrices, where a linear program costs
    milliseconds a medium. Functions of media with knocked-out reactions hold for those media only.

    What is known is a part of the state, in buffers of a fixed size, so that an interrupted training goes on with it.

    Args:
        exchanges: Number of uptakes.

    Shapes:
        uptakes `[members, samples, exchanges]` [mmol/gDW/h], pattern of knockouts `[samples]` (0: none); to growth
        `[members, samples]` [1/h], float64.
    """

    functions: Tensor
    pattern: Tensor

    def __init__(self, exchanges: int) -> None:
        super().__init__()
        self.register_buffer("functions", torch.zeros(CAPACITY, exchanges + 1, dtype=torch.float64))
        self.register_buffer("pattern", torch.full((CAPACITY,), -1))

    def __len__(self) -> int:
        return int((self.pattern >= 0).sum())

    def add(self, slopes: Tensor, offsets: Tensor, pattern: Tensor) -> None:
        """Add functions; beyond the capacity the oldest are forgotten.

        Args:
            slopes: Shape `[functions, exchanges]`.
            offsets: Shape `[functions]`; a function with NaN is left out.
            pattern: Pattern of knockouts under which each holds, shape `[functions]`; 0: under all.
        """
        kept, functions = len(self), torch.cat([slopes, offsets[:, None]], dim=1).to(self.functions)
        finite = functions.isfinite().all(1)
        functions = torch.cat([self.functions[:kept], functions[finite]])
        owners = torch.cat([self.pattern[:kept], pattern[finite].to(self.pattern)])
        rounded = torch.cat([functions.round(decimals=DIGITS), owners[:, None].to(functions)], dim=1)
        _, group = torch.unique(rounded, dim=0, return_inverse=True)
        order = torch.arange(len(group), device=group.device)
        first = torch.full_like(order, len(group)).scatter_reduce(0, group, order, "amin")
        first = first[first < len(group)].sort().values[-CAPACITY:]
        count = len(first)
        self.pattern[count:] = -1
        self.functions[:count], self.pattern[:count] = functions[first], owners[first]

    def forward(self, uptakes: Tensor, pattern: Tensor, softness: float | Tensor = 0.0) -> Tensor:
        """Compute growth.

        Args:
            uptakes: Largest uptakes.
            pattern: Pattern of knockouts of every sample.
            softness: Growth by which functions that are not the least have a part in the result, so that uptakes in
                excess are learned from too; 0 for the least alone.
        """
        known = len(self)
        owners, functions = self.pattern[:known], self.functions[:known]
        values = uptakes.double() @ functions[:, :-1].T + functions[:, -1]
        if (owners > 0).any():
            strange = (owners > 0) & (owners != pattern[:, None])
            values = values.masked_fill(strange, torch.inf)
        least: Tensor
        if softness > 0:
            share = torch.softmax(-values / softness, dim=-1)
            least = (share * values.masked_fill(share == 0, 0.0)).sum(-1)
        else:
            least = values.amin(-1)
        return torch.maximum(least, LEAK * least)
