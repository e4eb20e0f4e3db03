"""Derivatives of a nearest point from its active set, independent of the solver."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from metagnn.network.forward_mode import outer_derivatives
from metagnn.nn.balance_correction import BalanceCorrection, Solver, front, map_by_loop

CONSTANTS = 8
"""Position of the first constant among the arguments; before it are tensors of samples, and the solver."""


class ImplicitNearest(torch.autograd.Function):
    """Identity on a solved point, differentiated by its active set instead of through the iterations.

    Near the point, held values follow their bounds and the free values are the nearest that balance. This function is
    smooth; derivatives of any order follow from `BalanceCorrection`. At a kink, where a bound just becomes active,
    they are one-sided.
    """

    @staticmethod
    def forward(
        values: Tensor,
        at_lower: Tensor,
        at_upper: Tensor,
        target: Tensor,
        lower: Tensor,
        upper: Tensor,
        weight: Tensor,
        solver: Solver,
        *constants: Tensor,
    ) -> Tensor:
        """Return the solved values, which are differentiated with respect to the other arguments.

        Args:
            values: Shape `[samples, columns]`, as every tensor except the constants.
            at_lower: Whether a value is held at its lower bound; a pinned value is held at both.
            at_upper: Whether a value is held at its upper bound.
            target: Point to approximate.
            lower: Lower bounds.
            upper: Upper bounds.
            weight: Weights of the distance.
            solver: As for `BalanceCorrection`.
            *constants: As for `BalanceCorrection`.
        """
        return values.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Save the active set, the point, the target and the weight."""
        _, at_lower, at_upper, target, _, _, weight, ctx.solver, *constants = inputs
        kept = output, at_lower, at_upper, target, weight, *constants
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Project the gradient onto the balances; pass free entries to the target, held ones to their bounds."""
        values, at_lower, at_upper, target, weight, *constants = ctx.saved_tensors
        free, share = _shares(at_lower, at_upper)
        passed = free / weight
        left = gradient - BalanceCorrection.apply(gradient * passed, passed, ctx.solver, *constants)
        to_target = left * free
        to_bounds = left * at_lower * share, left * at_upper * share
        to_weight = -to_target * (values - target) / weight
        return None, None, None, to_target, *to_bounds, to_weight, None, *(None for _ in constants)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        """Apply the transpose of `backward` to the tangents."""
        with outer_derivatives(ctx.saved_tensors) as (values, at_lower, at_upper, target, weight, *constants):
            free, share = _shares(at_lower, at_upper)
            nothing = torch.zeros_like(values)
            of_target, of_lower, of_upper, of_weight = (nothing if t is None else t for t in tangents[3:7])
            asked = free * (of_target - of_weight * (values - target) / weight)
            asked = asked + share * (at_lower * of_lower + at_upper * of_upper)
            passed = free / weight
            tangent: Tensor = asked - passed * BalanceCorrection.apply(asked, passed, ctx.solver, *constants)
        return tangent

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *arguments: Any) -> tuple[Tensor, int]:
        """Treat mapped problems as further samples."""
        if any(dim is not None for dim in in_dims[CONSTANTS:]):
            return map_by_loop(ImplicitNearest.apply, info.batch_size, in_dims, arguments), 0
        samples = [front(t, dim, info.batch_size) for t, dim in zip(arguments[: CONSTANTS - 1], in_dims, strict=False)]
        flat = (tensor.flatten(0, 1) for tensor in samples)
        return ImplicitNearest.apply(*flat, *arguments[CONSTANTS - 1 :]).unflatten(0, samples[0].shape[:2]), 0


def _shares(at_lower: Tensor, at_upper: Tensor) -> tuple[Tensor, Tensor]:
    """Return which values are free, and the share of a held value's gradient for each of its bounds."""
    return ~(at_lower | at_upper), torch.where(at_lower & at_upper, 0.5, 1.0)
