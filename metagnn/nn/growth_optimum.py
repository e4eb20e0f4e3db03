"""Growth that flux balance analysis allows, as a layer: differentiable in the bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from metagnn._typing import Fluxes
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.coupled_reactions import join_ties
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram


class GrowthOptimum(nn.Module):
    r"""Largest growth at steady state within bounds: $\mu^*(l, u) = \max v_\mu$ s.t. $S v = 0$, $l \le v \le u$.

    Solved exactly, one linear program a sample, in groups of reactions that move together. The gradient is exact too:
    it is the vector of shadow prices of the bounds, piecewise constant, zero for every bound that does not limit
    growth. Where optima are degenerate it is one of the valid prices. A sample that no flux can satisfy does not grow:
    zero, with zero gradient. (Differentiating through an optimum by its duals: Amos and Kolter 2017,
    doi 10.48550/arXiv.1703.00443.)

    Args:
        network: The network.

    Shapes:
        lower, upper `[..., reactions]` [mmol/gDW/h] to `[...]` [1/h], float64.

    Raises:
        NetworkError: The network has no growth reaction.

    >>> from metagnn.testing import toy_network
    >>> layer = GrowthOptimum(toy_network({"EX_a": "a <=>", "growth": "2 a ->"}, "growth"))
    >>> lower = torch.tensor([-3.0, 0.0], dtype=torch.float64, requires_grad=True)
    >>> growth = layer(lower, torch.tensor([0.0, 9.0], dtype=torch.float64))
    >>> growth.backward()
    >>> growth.item(), lower.grad[0].item()
    (1.5, -0.5)
    """

    def __init__(self, network: NetworkLike) -> None:
        network = as_network(network)
        super().__init__()
        growth = network.reaction_index(network.growth_reaction)
        # Whatever the bounds: those of the network need not hold here.
        free = np.full(len(network.reactions), np.inf)
        problem = ReducedProblem(network.stoichiometry.to_scipy().tocsc(), growth, (-free, free))
        self.groups = ReactionGroups.from_coupled(problem.coupled)
        self._problem = problem.coupled.matrix, problem.objective
        self._program: LinearProgram | None = None

    def forward(self, lower: Fluxes, upper: Fluxes) -> Tensor:
        """The optimum of every sample."""
        if self._program is None:
            # Made where it is used: a solver in memory can be neither copied nor sent to another process.
            self._program = LinearProgram(*self._problem)
        lower, upper = lower.double(), upper.double()
        growth: Tensor = _Optimum.apply(*self.groups.bounds(lower, upper), self._program)
        blocked = self.groups.ratio == 0
        possible = ((lower <= 0) & (upper >= 0))[..., blocked].all(-1)
        return torch.where(possible, growth, 0.0)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the solver."""
        return self.__dict__ | {"_program": None}


class _Optimum(torch.autograd.Function):
    """Optimal values forwards, reduced costs backwards."""

    @staticmethod
    def forward(ctx: Any, lower: Tensor, upper: Tensor, program: LinearProgram) -> Tensor:
        """Solve every sample, each from the last one's optimum; bounds are those of groups of reactions."""
        low, high = (bound.detach().cpu().numpy().reshape(-1, bound.shape[-1]) for bound in (lower, upper))
        low, high = join_ties(low, high)
        values, prices = np.zeros(len(low)), np.zeros(low.shape)
        for row in range(len(low)):
            solution = program.solve(low[row], high[row])
            if solution.status == OPTIMAL:
                values[row], prices[row] = solution.objective, solution.reduced_costs
        ctx.save_for_backward(torch.from_numpy(prices).reshape(lower.shape).to(lower.device))
        return torch.from_numpy(values).reshape(lower.shape[:-1]).to(lower.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """A flux whose reduced cost is negative is held by its lower bound, one whose is positive by its upper."""
        (prices,) = ctx.saved_tensors
        weighted = gradient[..., None]
        return weighted * prices.clamp(max=0.0), weighted * prices.clamp(min=0.0), None
