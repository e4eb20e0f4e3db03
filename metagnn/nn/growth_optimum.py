"""Maximal growth of flux balance analysis as a layer, differentiable in the bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from metagnn._typing import GivenFluxes
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.coupled_reactions import join_ties
from metagnn.network.forward_mode import outer_derivatives
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.balance_correction import front
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram


class GrowthOptimum(nn.Module):
    r"""Largest growth at steady state within bounds: $\mu^*(l, u) = \max v_\mu$ s.t. $S v = 0$, $l \le v \le u$.

    Solve one linear program per sample, in groups of reactions that move together. The gradient is exact: the shadow
    prices of the bounds, piecewise constant, zero for bounds that do not limit growth; second derivatives are zero.
    At degenerate optima it is one of the valid shadow prices. An infeasible sample has zero growth and zero gradient.
    (Differentiation by duals: Amos and Kolter 2017, doi 10.48550/arXiv.1703.00443.)

    Each thread has its own solver, which starts from its last optimum. The result can therefore differ by rounding
    (1e-15), depending on earlier calls.

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
        # No bounds: those of the network need not hold here.
        free = np.full(len(network.reactions), np.inf)
        problem = ReducedProblem(network.stoichiometry.to_scipy().tocsc(), growth, (-free, free))
        self.groups = ReactionGroups.from_coupled(problem.coupled)
        self._program = LinearProgram(problem.coupled.matrix, problem.objective)

    def forward(self, lower: GivenFluxes, upper: GivenFluxes) -> Tensor:
        """Compute the optimum of every sample."""
        lower, upper = lower.double(), upper.double()
        growth: Tensor = _Optimum.apply(*self.groups.bounds(lower, upper), self._program)[0]
        blocked = self.groups.ratio == 0
        possible = ((lower <= 0) & (upper >= 0))[..., blocked].all(-1)
        return torch.where(possible, growth, 0.0)


class _Optimum(torch.autograd.Function):
    """Optimal values in the forward pass, reduced costs in the backward pass."""

    @staticmethod
    def forward(lower: Tensor, upper: Tensor, program: LinearProgram) -> tuple[Tensor, Tensor]:
        """Compute optima and reduced costs from bounds of groups; start each sample from the last optimum."""
        shape = torch.broadcast_shapes(lower.shape, upper.shape)
        low, high = (bound.cpu().expand(shape).numpy().reshape(-1, shape[-1]) for bound in (lower, upper))
        low, high = join_ties(low, high)
        values, prices = np.zeros(len(low)), np.zeros(low.shape)
        for row in range(len(low)):
            solution = program.solve(low[row], high[row])
            if solution.status == OPTIMAL:
                values[row], prices[row] = solution.objective, solution.reduced_costs
        found = torch.from_numpy(values).reshape(shape[:-1]), torch.from_numpy(prices).reshape(shape)
        return found[0].to(lower.device), found[1].to(lower.device)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        """Save the prices: they are constant while the same bounds are active."""
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(output[1])
        ctx.save_for_forward(output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Assign negative reduced costs to lower bounds, positive ones to upper bounds."""
        (prices,) = ctx.saved_tensors
        weighted = gradient[..., None]
        return weighted * prices.clamp(max=0.0), weighted * prices.clamp(min=0.0), None

    @staticmethod
    def jvp(ctx: Any, lower: Tensor | None, upper: Tensor | None, _: None) -> tuple[Tensor, None]:
        """Apply the same prices to the tangents."""
        with outer_derivatives(ctx.saved_tensors) as (prices,):
            nothing = torch.zeros_like(prices)
            of_lower, of_upper = (nothing if tangent is None else tangent for tangent in (lower, upper))
            tangent = (of_lower * prices.clamp(max=0.0) + of_upper * prices.clamp(min=0.0)).sum(-1)
        return tangent, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], lower: Tensor, upper: Tensor, program: LinearProgram
    ) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        """Treat mapped samples as further leading dimensions."""
        moved = (front(bound, dim, info.batch_size) for bound, dim in zip((lower, upper), in_dims, strict=False))
        return _Optimum.apply(*moved, program), (0, 0)
