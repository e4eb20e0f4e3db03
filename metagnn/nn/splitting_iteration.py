"""Unrolled splitting iteration with a hand-written backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from metagnn.network.forward_mode import outer_derivatives
from metagnn.nn.balance_correction import front, map_by_loop
from metagnn.nn.flux_projection import AbstractFluxProjection
from metagnn.nn.splitting_steps import iterate_plainly, run_steps, walk_back

INPUTS = 6
"""Number of tensors before those of the projection: start, bounds, drive, pull, stiffness, pace."""

BOUNDS, PULL, STIFFNESS = 1, 3, 4
"""Positions of some of these tensors."""

TRACE = 5
"""Number of tensors that a recorded run saves."""


@dataclass(frozen=True, eq=False)
class SplittingPlan:
    """Arguments of the iteration that are not tensors.

    Attributes:
        make: Function that makes the projection P from its tensors.
        recorded: Whether to save every step for the gradients. Without, a backward pass runs the iteration again.
    """

    make: Callable[..., AbstractFluxProjection]
    recorded: bool

    def run(self, recorded: bool, *tensors: Any) -> tuple[Tensor, ...]:
        """Call `run_steps` with the tensors of the iteration."""
        return run_steps(self.make(*tensors[INPUTS:]), recorded, *tensors[:INPUTS])

    def write_out(self, *tensors: Any) -> Tensor:
        """Call `iterate_plainly` with the tensors of the iteration."""
        return iterate_plainly(self.make(*tensors[INPUTS:]), *tensors[:INPUTS])


class SplittingIteration(torch.autograd.Function):
    """Forward and backward pass of all steps of the unrolled splitting.

    Autograd would record a dozen small operations per step. Here, a step is one projection and four elementwise
    operations in each direction, which trains a small network several times faster; the gradients of the parameters
    are computed once for all steps. Every step saves four tensors of the size of the fluxes.

    Second-order and forward-mode derivatives are those of `iterate_plainly`, at its cost.
    """

    @staticmethod
    def forward(plan: SplittingPlan, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        """Run all steps.

        Args:
            plan: Projection and recording.
            *tensors: Those of `iterate_plainly`, then those of P.

        Returns:
            The last u, shape `[samples, reactions]`; then, if recorded, the tensors saved by the steps.
        """
        return plan.run(plan.recorded, *tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Save all tensors; only the last u has derivatives."""
        ctx.plan, *tensors = inputs
        ctx.count = len(tensors)
        ctx.mark_non_differentiable(*output[1:])
        # Otherwise autograd allocates zeros for all saved steps in every backward pass.
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, *output[1:])
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        """Compute the gradients by `SplittingGradients`."""
        tensors = ctx.saved_tensors[: ctx.count]
        gradients: list[Tensor | None] = [None] * ctx.count
        if gradient is not None:
            # Skip the bounds, which are usually data: their gradient costs most.
            asked = tuple(
                place
                for place, tensor in enumerate(tensors)
                if tensor is not None and (place != BOUNDS or ctx.needs_input_grad[1 + BOUNDS])
            )
            found = SplittingGradients.apply(ctx.plan, asked, ctx.count, gradient, *ctx.saved_tensors)
            for place, one in zip(asked, found, strict=True):
                gradients[place] = one
        return None, *gradients

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        """Differentiate `iterate_plainly` in forward mode."""
        with outer_derivatives(ctx.saved_tensors[: ctx.count]) as tensors:
            known, moving = zip(*_present(tensors, tangents), strict=True)
            function = _of_present(ctx.plan, tensors)
            (tangent,) = _push_forward(lambda *present: (function(*present),), known, moving)
        return tangent, *(None for _ in range(TRACE if ctx.plan.recorded else 0))

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], plan: SplittingPlan, *tensors: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Treat mapped samples as further samples; if a shared tensor is mapped, run once for each index."""
        size, dims, (_, bounds, _, _, stiffness, *_) = info.batch_size, in_dims[1:], tensors
        each = stiffness.dim() - (dims[STIFFNESS] is not None) == 2
        shared = [
            dim
            for place, dim in enumerate(dims)
            if place not in (0, BOUNDS, PULL) and not (place == STIFFNESS and each)
        ]
        if any(dim is not None for dim in shared):
            found = map_by_loop(SplittingIteration.apply, size, in_dims, (plan, *tensors))
            return found, (0,) * len(found)
        joined = list(tensors)
        for place in (0, PULL, STIFFNESS):
            tensor = tensors[place]
            if tensor is not None and (place != STIFFNESS or each):
                joined[place] = front(tensor, dims[place], size).flatten(0, 1)
        joined[BOUNDS] = front(bounds, dims[BOUNDS], size).movedim(0, 1).flatten(1, 2)
        inside, *trace = SplittingIteration.apply(plan, *joined)
        apart = size, len(inside) // size
        return (inside.unflatten(0, apart), *(t.unflatten(1, apart) for t in trace)), (0, *(1 for _ in trace))


class SplittingGradients(torch.autograd.Function):
    """Backward pass of `SplittingIteration` as a differentiable function."""

    @staticmethod
    def forward(
        plan: SplittingPlan, asked: tuple[int, ...], count: int, gradient: Tensor, *saved: Any
    ) -> tuple[Tensor, ...]:
        """Compute the gradients of some tensors of the iteration.

        Args:
            plan: Plan of the iteration.
            asked: Positions of these tensors.
            count: Number of tensors of the iteration.
            gradient: Gradient of the last u.
            *saved: All tensors of the iteration, and those saved by a recorded run.
        """
        tensors, trace = saved[:count], saved[count:]
        if not plan.recorded:
            trace = plan.run(True, *tensors)[1:]
        gradients: tuple[Any, ...] = walk_back(plan.make(*tensors[INPUTS:]), gradient, tensors, trace, BOUNDS in asked)
        return tuple(gradients[place] for place in asked)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Save the arguments of the gradients."""
        ctx.plan, ctx.asked, ctx.count, gradient, *saved = inputs
        ctx.left = len(saved) - ctx.count
        ctx.save_for_backward(gradient, *saved[: ctx.count])
        ctx.save_for_forward(gradient, *saved[: ctx.count])

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        """Differentiate the gradients of `iterate_plainly`."""
        gradient, *tensors = ctx.saved_tensors
        present = [tensor for tensor in tensors if tensor is not None]
        pull_back = torch.func.vjp(_gradients_of_present(ctx.plan, tensors, ctx.asked), gradient, *present)[1]
        to_gradient, *rest = pull_back(cotangents)
        found = iter(rest)
        to_tensors = (None if tensor is None else next(found) for tensor in tensors)
        return None, None, None, to_gradient, *to_tensors, *(None for _ in range(ctx.left))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        """Differentiate the gradients of `iterate_plainly` in forward mode."""
        with outer_derivatives(ctx.saved_tensors) as (gradient, *tensors):
            known, moving = zip(*_present((gradient, *tensors), tangents[3 : 4 + ctx.count]), strict=True)
            return _push_forward(_gradients_of_present(ctx.plan, tensors, ctx.asked), known, moving)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *arguments: Any) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Run one pass for each index: the gradients of shared tensors differ."""
        found = map_by_loop(SplittingGradients.apply, info.batch_size, in_dims, arguments)
        return found, (0,) * len(found)


def iterate(make: Callable[..., AbstractFluxProjection], *tensors: Tensor | None) -> Tensor:
    """Compute the last u of the iteration; record the steps if a tensor requires gradients.

    Args:
        make: Function that makes the projection P from its tensors.
        *tensors: Those of `iterate_plainly`, then those of P.
    """
    if torch.compiler.is_compiling():
        return SplittingPlan(make, False).write_out(*tensors)
    recorded = torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)
    inside: Tensor = SplittingIteration.apply(SplittingPlan(make, recorded), *tensors)[0]
    return inside


def _present(known: Iterable[Tensor | None], tangents: Iterable[Tensor | None]) -> list[tuple[Tensor, Tensor]]:
    """Pair the tensors that are not None with their tangents."""
    pairs = zip(known, tangents, strict=True)
    return [(one, torch.zeros_like(one) if way is None else way) for one, way in pairs if one is not None]


def _push_forward(
    function: Callable[..., tuple[Tensor, ...]], known: tuple[Tensor, ...], moving: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """Compute the tangents of a function by two pull-backs, because forward mode cannot be nested."""
    answers, pull_back = torch.func.vjp(function, *known)[:2]
    nothing = tuple(torch.zeros_like(answer) for answer in answers)
    found: tuple[Tensor, ...] = torch.func.vjp(pull_back, nothing)[1](moving)[0]
    return found


def _of_present(plan: SplittingPlan, tensors: Sequence[Tensor | None]) -> Callable[..., Tensor]:
    """Return the iteration as a function of the tensors that are not None."""

    def function(*present: Tensor) -> Tensor:
        given = iter(present)
        return plan.write_out(*(None if tensor is None else next(given) for tensor in tensors))

    return function


def _gradients_of_present(
    plan: SplittingPlan, tensors: Sequence[Tensor | None], asked: tuple[int, ...]
) -> Callable[..., tuple[Tensor, ...]]:
    """Return the gradients of some tensors as a function of the output gradient and all tensors."""
    places = [place for place, tensor in enumerate(tensors) if tensor is not None]

    def function(gradient: Tensor, *present: Tensor) -> tuple[Tensor, ...]:
        pull_back = torch.func.vjp(_of_present(plan, tensors), *present)[1]
        found = dict(zip(places, pull_back(gradient), strict=True))
        return tuple(found[place] for place in asked)

    return function
