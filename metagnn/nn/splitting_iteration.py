"""The unrolled splitting iteration with a hand-written backward pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from metagnn.nn.flux_projection import AbstractFluxProjection


class SplittingIteration(torch.autograd.Function):
    """All steps of the unrolled splitting, forwards and backwards.

    Autograd would record a dozen small operations per step. Written out, a step is one projection and four
    elementwise operations each way, which trains a small network several times faster; the gradients of the
    parameters are summed up once, over all steps. It keeps four tensors of the size of the fluxes per step.
    """

    @staticmethod
    def forward(
        ctx: Any,
        start: Tensor,
        bounds: Tensor,
        drive: Tensor,
        pull: Tensor | None,
        stiffness: Tensor,
        pace: Tensor,
        projection: AbstractFluxProjection,
        *made_of: Tensor,
    ) -> Tensor:
        """Run every step: u = clip((z + g + pull) s), then z ← (1 + μ) z − ρ u − μ z₋ + ρ P (2u − z).

        Args:
            ctx: Autograd's context.
            start: First state z, shape `[samples, reactions]`.
            bounds: Lower and upper bounds, shape `[2, samples, reactions]`.
            drive: g, shape `[steps, reactions]`.
            pull: Weighted measurements, shape `[samples, reactions]`, or None.
            stiffness: s, shape `[reactions]` or `[samples, reactions]`.
            pace: Relaxation ρ and momentum μ, shape `[2, steps]`.
            projection: P.
            *made_of: Its parameters, for autograd to see.

        Returns:
            The last u, shape `[samples, reactions]`.
        """
        (low, high), steps, recorded = bounds, pace.shape[1], any(ctx.needs_input_grad)
        # Unrecorded, three slots take turns: a step needs the two states before it.
        slots = steps if recorded else min(steps, 3)
        trace = _Trace(slots, start, projection.width)
        offset = (drive[:, None, :] if pull is None else drive[:, None, :] + pull) * stiffness
        rho, mu = pace.tolist()
        trace.state[0] = start
        for step in range(steps):
            now, before, after = step % slots, max(step - 1, 0) % slots, (step + 1) % slots
            state, inside, uncut = trace.state[now], trace.inside[now], trace.uncut[now]
            torch.addcmul(offset[step], state, stiffness, out=uncut)
            torch.clamp(uncut, low, high, out=inside)
            if recorded:
                # Comparing in place answers in floats, ten times faster than a boolean mask.
                uncut.eq_(inside)
            if step == steps - 1:
                break
            torch.sub(inside, state, alpha=0.5, out=trace.half[now])
            moved = torch.add(state, inside, alpha=-rho[step] / (1 + mu[step]), out=trace.state[after])
            if mu[step]:
                moved.sub_(trace.state[before], alpha=mu[step] / (1 + mu[step]))
            projection.step(moved, trace.half[now], trace.kept[now], 1 + mu[step], rho[step])
        if recorded:
            ctx.trace, ctx.with_pull, ctx.projection = trace, pull is not None, projection
            ctx.save_for_backward(low, stiffness, pace, *made_of)
        return inside.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Walk the steps backwards: the clip passes what it did not cut, the projection is linear."""
        low, stiffness, pace, *_ = ctx.saved_tensors
        trace, projection, steps = ctx.trace, ctx.projection, pace.shape[1]
        rho, mu = pace.tolist()
        # Gradients of: the state that a step produced, its clipped flux, the same before the clip.
        produced, kept = torch.zeros_like(trace.inside), torch.zeros_like(trace.kept)
        to_inside, uncut = torch.empty_like(trace.inside), torch.empty_like(trace.inside)
        to_inside[-1] = gradient
        torch.mul(gradient, trace.uncut[-1], out=uncut[-1])
        to_state = uncut[-1] * stiffness
        for step in reversed(range(steps - 1)):
            produced[step] = to_state
            projection.step_back(to_state, kept[step], to_inside[step], rho[step])
            torch.mul(to_inside[step], trace.uncut[step], out=uncut[step])
            to_state.mul_(1 + mu[step] - rho[step] / 2).sub_(to_inside[step], alpha=0.5)
            to_state.addcmul_(uncut[step], stiffness)
            if mu[step + 1]:
                to_state.sub_(produced[step + 1], alpha=mu[step + 1])
        if mu[0]:
            # At the first step the previous state is the start itself.
            to_state.sub_(produced[0], alpha=mu[0])
        to_bounds = None
        if ctx.needs_input_grad[1]:
            at_low = trace.inside <= low
            cut = to_inside - uncut
            to_bounds = torch.stack(((cut * at_low).sum(0), (cut * ~at_low).sum(0)))
        driven = uncut * stiffness
        before = torch.cat([trace.state[:1], trace.state[:-1]])
        agreement, of_projection = projection.gradients(produced, trace.half, trace.kept, kept, pace[0])
        return (
            to_state,
            to_bounds,
            driven.sum(1),
            driven.sum(0) if ctx.with_pull else None,
            ((uncut * trace.inside).sum(0) / stiffness).sum_to_size(stiffness.shape),
            torch.stack(
                (agreement - (produced * trace.inside).sum((1, 2)), (produced * (trace.state - before)).sum((1, 2)))
            ),
            None,
            *of_projection,
        )


class _Trace:
    """What the steps leave behind, one slot each: the state, u, if it escaped the clip, (2u − z) / 2, and P's own."""

    def __init__(self, slots: int, like: Tensor, width: int) -> None:
        samples, reactions = like.shape
        self.state, self.inside, self.uncut = (like.new_empty(slots, samples, reactions) for _ in range(3))
        # The last step leaves these two empty, and sums over the steps run over them.
        self.half, self.kept = like.new_zeros(slots, samples, reactions), like.new_zeros(slots, samples, width)
