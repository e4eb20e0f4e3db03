"""The unrolled splitting iteration with a hand-written backward pass."""

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
"""Tensors of the iteration beside those that its projection is made of: start, bounds, drive, pull, stiffness, pace."""

BOUNDS, PULL, STIFFNESS = 1, 3, 4
"""Places of some of them."""

TRACE = 5
"""Tensors that a recorded run leaves behind."""


@dataclass(frozen=True, eq=False)
class SplittingPlan:
    """What the iteration is told beside its tensors.

    Attributes:
        make: Makes the projection P of the tensors that it is made of.
        recorded: Whether every step is kept for the gradients. Asked for gradients all the same, the iteration runs
            again.
    """

    make: Callable[..., AbstractFluxProjection]
    recorded: bool

    def run(self, recorded: bool, *tensors: Any) -> tuple[Tensor, ...]:
        """`run_steps` of the iteration's tensors."""
        return run_steps(self.make(*tensors[INPUTS:]), recorded, *tensors[:INPUTS])

    def write_out(self, *tensors: Any) -> Tensor:
        """`iterate_plainly` of the iteration's tensors."""
        return iterate_plainly(self.make(*tensors[INPUTS:]), *tensors[:INPUTS])


class SplittingIteration(torch.autograd.Function):
    """All steps of the unrolled splitting, forwards and backwards.

    Autograd would record a dozen small operations per step. Written out, a step is one projection and four
    elementwise operations each way, which trains a small network several times faster; the gradients of the
    parameters are summed up once, over all steps. It keeps four tensors of the size of the fluxes per step.

    Derivatives of gradients and forward-mode derivatives are right too, but of `iterate_plainly`, at its price.
    """

    @staticmethod
    def forward(plan: SplittingPlan, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        """Run every step.

        Args:
            plan: Projection and recording.
            *tensors: Those of `iterate_plainly`, then what P is made of.

        Returns:
            The last u, shape `[samples, reactions]`; then, if recorded, what the steps left behind.
        """
        return plan.run(plan.recorded, *tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep everything; only the last u has derivatives."""
        ctx.plan, *tensors = inputs
        ctx.count = len(tensors)
        ctx.mark_non_differentiable(*output[1:])
        # Otherwise autograd makes zeros of the size of the whole trace in every backward pass.
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, *output[1:])
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        """By `SplittingGradients`."""
        tensors = ctx.saved_tensors[: ctx.count]
        gradients: list[Tensor | None] = [None] * ctx.count
        if gradient is not None:
            # Bounds are data more often than not, and their gradient is the dearest.
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
        """Of the iteration as it is written down."""
        with outer_derivatives(ctx.saved_tensors[: ctx.count]) as tensors:
            known, moving = zip(*_present(tensors, tangents), strict=True)
            function = _of_present(ctx.plan, tensors)
            (tangent,) = _push_forward(lambda *present: (function(*present),), known, moving)
        return tangent, *(None for _ in range(TRACE if ctx.plan.recorded else 0))

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], plan: SplittingPlan, *tensors: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Mapped samples are more samples; where what they share is mapped, one run for each."""
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
    """The backward pass of `SplittingIteration`, as a function that can be differentiated itself."""

    @staticmethod
    def forward(
        plan: SplittingPlan, asked: tuple[int, ...], count: int, gradient: Tensor, *saved: Any
    ) -> tuple[Tensor, ...]:
        """Gradients of some tensors.

        Args:
            plan: That of the iteration.
            asked: Places of the tensors.
            count: How many tensors the iteration has been given.
            gradient: Gradient of the last u.
            *saved: These tensors, and what a recorded run left behind.
        """
        tensors, trace = saved[:count], saved[count:]
        if not plan.recorded:
            trace = plan.run(True, *tensors)[1:]
        gradients: tuple[Any, ...] = walk_back(plan.make(*tensors[INPUTS:]), gradient, tensors, trace, BOUNDS in asked)
        return tuple(gradients[place] for place in asked)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what the gradients are a function of."""
        ctx.plan, ctx.asked, ctx.count, gradient, *saved = inputs
        ctx.left = len(saved) - ctx.count
        ctx.save_for_backward(gradient, *saved[: ctx.count])
        ctx.save_for_forward(gradient, *saved[: ctx.count])

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of the iteration as it is written down, differentiated."""
        gradient, *tensors = ctx.saved_tensors
        present = [tensor for tensor in tensors if tensor is not None]
        pull_back = torch.func.vjp(_gradients_of_present(ctx.plan, tensors, ctx.asked), gradient, *present)[1]
        to_gradient, *rest = pull_back(cotangents)
        found = iter(rest)
        to_tensors = (None if tensor is None else next(found) for tensor in tensors)
        return None, None, None, to_gradient, *to_tensors, *(None for _ in range(ctx.left))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        """As `backward`, the other way."""
        with outer_derivatives(ctx.saved_tensors) as (gradient, *tensors):
            known, moving = zip(*_present((gradient, *tensors), tangents[3 : 4 + ctx.count]), strict=True)
            return _push_forward(_gradients_of_present(ctx.plan, tensors, ctx.asked), known, moving)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *arguments: Any) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """One pass for each: what the samples share has a gradient of its own in each."""
        found = map_by_loop(SplittingGradients.apply, info.batch_size, in_dims, arguments)
        return found, (0,) * len(found)


def iterate(make: Callable[..., AbstractFluxProjection], *tensors: Tensor | None) -> Tensor:
    """The last u of the iteration, recorded where gradients may be asked for.

    Args:
        make: Makes the projection P of the tensors that it is made of.
        *tensors: Those of `iterate_plainly`, then what P is made of.
    """
    if torch.compiler.is_compiling():
        return SplittingPlan(make, False).write_out(*tensors)
    recorded = torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)
    inside: Tensor = SplittingIteration.apply(SplittingPlan(make, recorded), *tensors)[0]
    return inside


def _present(known: Iterable[Tensor | None], tangents: Iterable[Tensor | None]) -> list[tuple[Tensor, Tensor]]:
    """Tensors that are there, each with how it moves."""
    pairs = zip(known, tangents, strict=True)
    return [(one, torch.zeros_like(one) if way is None else way) for one, way in pairs if one is not None]


def _push_forward(
    function: Callable[..., tuple[Tensor, ...]], known: tuple[Tensor, ...], moving: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """How the answers of a function move: pulled back twice, for forward mode cannot be nested in itself."""
    answers, pull_back = torch.func.vjp(function, *known)[:2]
    nothing = tuple(torch.zeros_like(answer) for answer in answers)
    found: tuple[Tensor, ...] = torch.func.vjp(pull_back, nothing)[1](moving)[0]
    return found


def _of_present(plan: SplittingPlan, tensors: Sequence[Tensor | None]) -> Callable[..., Tensor]:
    """The iteration as a function of those of its tensors that are there."""

    def function(*present: Tensor) -> Tensor:
        given = iter(present)
        return plan.write_out(*(None if tensor is None else next(given) for tensor in tensors))

    return function


def _gradients_of_present(
    plan: SplittingPlan, tensors: Sequence[Tensor | None], asked: tuple[int, ...]
) -> Callable[..., tuple[Tensor, ...]]:
    """The gradients of some of them, as a function of that of the answer and of them."""
    places = [place for place, tensor in enumerate(tensors) if tensor is not None]

    def function(gradient: Tensor, *present: Tensor) -> tuple[Tensor, ...]:
        pull_back = torch.func.vjp(_of_present(plan, tensors), *present)[1]
        found = dict(zip(places, pull_back(gradient), strict=True))
        return tuple(found[place] for place in asked)

    return function
