"""Correction that makes values balance, with derivatives of any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from metagnn.network.forward_mode import outer_derivatives

Solver = Callable[..., Tensor]
"""Computes C(x; m) from x `[..., *samples, columns]`, m `[*samples, columns]` and constant tensors."""


class BalanceCorrection(torch.autograd.Function):
    r"""Compute $C(x; m) = A^\top (A\,\mathrm{diag}(m) A^\top)^{-1} A x$, so that $x - m \circ C$ balances.

    C is linear and symmetric in x, so its derivatives in both modes are the same function again:
    $\mathrm{d}C = C(\mathrm{d}x - \mathrm{d}m \circ C(x; m); m)$. The solver need not use torch; it is never
    differentiated.
    """

    @staticmethod
    def forward(values: Tensor, variance: Tensor, solver: Solver, *constants: Tensor) -> Tensor:
        """Compute C.

        Args:
            values: x, shape `[..., *samples, columns]`; leading dimensions share a factor.
            variance: m ≥ 0, shape `[*samples, columns]`.
            solver: Function that computes C; contains A or takes it as a constant.
            *constants: Further arguments of the solver; they receive no gradient.
        """
        return solver(values, variance, *constants)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Save the output, which the derivative with respect to m needs."""
        _, variance, ctx.solver, *constants = inputs
        ctx.save_for_backward(output, variance, *constants)
        ctx.save_for_forward(output, variance, *constants)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Apply C to the gradient of x; take minus its product with the output for m."""
        moved, variance, *constants = ctx.saved_tensors
        back = BalanceCorrection.apply(gradient, variance, ctx.solver, *constants)
        to_variance = -(back * moved).sum_to_size(variance.shape) if ctx.needs_input_grad[1] else None
        return back, to_variance, None, *(None for _ in constants)

    @staticmethod
    def jvp(ctx: Any, values: Tensor | None, variance: Tensor | None, *_: Any) -> Tensor:
        """Apply C to the tangents."""
        with outer_derivatives(ctx.saved_tensors) as (moved, known, *constants):
            change = torch.zeros_like(moved) if values is None else values
            if variance is not None:
                change = change - variance * moved
            tangent: Tensor = BalanceCorrection.apply(change, known, ctx.solver, *constants)
        return tangent

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], values: Tensor, variance: Tensor, solver: Solver, *constants: Tensor
    ) -> tuple[Tensor, int]:
        """Treat mapped values as further right-hand sides, a mapped variance as further samples."""
        if any(dim is not None for dim in in_dims[3:]):
            arguments = (values, variance, solver, *constants)
            return map_by_loop(BalanceCorrection.apply, info.batch_size, in_dims, arguments), 0
        if in_dims[1] is None:
            return BalanceCorrection.apply(values.movedim(in_dims[0], 0), variance, solver, *constants), 0
        variance = variance.movedim(in_dims[1], 0)
        values = front(values, in_dims[0], info.batch_size)
        place = values.dim() - variance.dim()
        return BalanceCorrection.apply(values.movedim(0, place), variance, solver, *constants), place


def front(tensor: Tensor, dim: int | None, size: int) -> Tensor:
    """Move the mapped dimension to the front; expand a tensor that is not mapped."""
    return tensor.expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)


def map_by_loop(function: Callable[..., Any], size: int, in_dims: tuple[Any, ...], arguments: tuple[Any, ...]) -> Any:
    """Apply a function to every index of the mapped dimension and stack the results.

    Valid for any function, at the cost of one call per index.

    Args:
        function: Function that returns a tensor or a tuple of tensors.
        size: Size of the mapped dimension.
        in_dims: The mapped dimension of every argument, or None.
        arguments: The arguments.
    """
    answers = [
        function(
            *(
                a if dim is None or not isinstance(a, Tensor) else a.select(dim, i)
                for a, dim in zip(arguments, in_dims, strict=True)
            )
        )
        for i in range(size)
    ]
    if isinstance(answers[0], Tensor):
        return torch.stack(answers)
    return tuple(torch.stack(parts) for parts in zip(*answers, strict=True))
