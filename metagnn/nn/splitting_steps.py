"""Steps of the unrolled splitting: a plain version, and fast forward and backward passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from metagnn.nn.flux_projection import AbstractFluxProjection


def iterate_plainly(
    projection: AbstractFluxProjection,
    start: Tensor,
    bounds: Tensor,
    drive: Tensor,
    pull: Tensor | None,
    stiffness: Tensor,
    pace: Tensor,
) -> Tensor:
    """Run the iteration in plain torch operations, for export and for derivatives of any kind.

    Args:
        projection: P.
        start: Initial state z, shape `[samples, reactions]`.
        bounds: Lower and upper bounds, shape `[2, samples, reactions]`.
        drive: g, shape `[steps, reactions]`.
        pull: Weighted measurements, shape `[samples, reactions]`, or None.
        stiffness: s, shape `[reactions]` or `[samples, reactions]`.
        pace: Relaxation ρ and momentum μ, shape `[2, steps]`.

    Returns:
        The last u of u = clip((z + g + pull) s), then z ← z + ρ (P (2u − z) − u) + μ (z − z₋), shape
        `[samples, reactions]`.
    """
    steps = pace.shape[1]
    before = state = inside = start
    for step in range(steps):
        driven = state + drive[step] if pull is None else state + drive[step] + pull
        inside = torch.clamp(driven * stiffness, bounds[0], bounds[1])
        if step < steps - 1:
            projected = projection.nearest(2 * inside - state, False).to(state.dtype)
            moved = state + pace[0, step] * (projected - inside) + pace[1, step] * (state - before)
            before, state = state, moved
    return inside


def run_steps(
    projection: AbstractFluxProjection,
    recorded: bool,
    start: Tensor,
    bounds: Tensor,
    drive: Tensor,
    pull: Tensor | None,
    stiffness: Tensor,
    pace: Tensor,
) -> tuple[Tensor, ...]:
    """Compute the last u and, if recorded, the trace of all steps; other arguments as for `iterate_plainly`.

    A step is u = clip((z + g + pull) s), then z ← (1 + μ) z − ρ u − μ z₋ + ρ P (2u − z), in place.
    """
    (low, high), steps = bounds, pace.shape[1]
    # Without recording, reuse three slots: a step needs the two previous states.
    slots = steps if recorded else min(steps, 3)
    trace = _Trace.make(slots, start, projection.width)
    offset = (drive[:, None, :] if pull is None else drive[:, None, :] + pull) * stiffness
    rho, mu = pace.tolist()
    trace.state[0] = start
    for step in range(steps):
        now, before, after = step % slots, max(step - 1, 0) % slots, (step + 1) % slots
        state, inside, uncut = trace.state[now], trace.inside[now], trace.uncut[now]
        torch.addcmul(offset[step], state, stiffness, out=uncut)
        torch.clamp(uncut, low, high, out=inside)
        if recorded:
            # Compare in place: the result is in floats, ten times faster than a boolean mask.
            uncut.eq_(inside)
        if step == steps - 1:
            break
        torch.sub(inside, state, alpha=0.5, out=trace.half[now])
        moved = torch.add(state, inside, alpha=-rho[step] / (1 + mu[step]), out=trace.state[after])
        if mu[step]:
            moved.sub_(trace.state[before], alpha=mu[step] / (1 + mu[step]))
        projection.step(moved, trace.half[now], trace.kept[now], 1 + mu[step], rho[step])
    return inside.clone(), *(vars(trace).values() if recorded else ())


def walk_back(
    projection: AbstractFluxProjection,
    gradient: Tensor,
    tensors: tuple[Any, ...],
    left_behind: tuple[Tensor, ...],
    with_bounds: bool,
) -> tuple[Tensor | None, ...]:
    """Run the backward pass through all steps.

    Args:
        projection: P.
        gradient: Gradient of the last u, shape `[samples, reactions]`.
        tensors: Tensors of `iterate_plainly`.
        left_behind: Trace of a recorded `run_steps`.
        with_bounds: Whether to compute the gradient of the bounds.

    Returns:
        The gradient of each tensor; None for bounds without `with_bounds`, or for a tensor that is None.
    """
    _, bounds, _, pull, stiffness, pace, *_ = tensors
    low, steps, trace = bounds[0], pace.shape[1], _Trace(*left_behind)
    rho, mu = pace.tolist()
    # Gradients of the new state of a step, of its clipped flux, and of the flux before the clip.
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
        # In the first step, the previous state is the start.
        to_state.sub_(produced[0], alpha=mu[0])
    to_bounds = None
    if with_bounds:
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
        None if pull is None else driven.sum(0),
        ((uncut * trace.inside).sum(0) / stiffness).sum_to_size(stiffness.shape),
        torch.stack(
            (agreement - (produced * trace.inside).sum((1, 2)), (produced * (trace.state - before)).sum((1, 2)))
        ),
        *of_projection,
    )


@dataclass(frozen=True, eq=False)
class _Trace:
    """Tensors saved by the steps, one slot each.

    Attributes:
        state: z, shape `[slots, samples, reactions]`.
        inside: u, the same shape.
        uncut: Whether the clip left u unchanged, the same shape.
        half: (2u − z) / 2, the same shape.
        kept: Tensors saved by the projection, shape `[slots, samples, width]`.
    """

    state: Tensor
    inside: Tensor
    uncut: Tensor
    half: Tensor
    kept: Tensor

    @classmethod
    def make(cls, slots: int, like: Tensor, width: int) -> _Trace:
        """Allocate slots."""
        samples, reactions = like.shape
        # Zeros: the last step does not fill these two, but sums over the steps include them.
        zeros = like.new_zeros(slots, samples, reactions), like.new_zeros(slots, samples, width)
        state, inside, uncut = (like.new_empty(slots, samples, reactions) for _ in range(3))
        return cls(state, inside, uncut, *zeros)
