"""Unrolled splitting: a network layer that solves for fluxes by message passing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from metagnn._typing import Basis, Fluxes, Metric, Stepwise
from metagnn.nn.steady_state import metric_basis


@dataclass(frozen=True)
class SplittingParameters:
    """What every reaction node brings to the splitting.

    Attributes:
        scale: Scale of every flux, positive, shape `[reactions]`; distances are measured in units of it.
        drive: Linear pull on every flux in every step (positive: forward), shape `[steps, reactions]`.
        shrinkage: Non-negative quadratic cost of every flux, shape `[reactions]`.
        start: Where the iteration starts, shape `[reactions]`.
    """

    scale: Metric
    drive: Stepwise
    shrinkage: Metric
    start: Metric


@dataclass(frozen=True)
class SplittingResult:
    """Where the splitting ended, both of its halves.

    Attributes:
        within_bounds: The last local step: inside the bounds, near steady state [mmol/gDW/h].
        at_steady_state: Its projection: at steady state, near the bounds [mmol/gDW/h].
    """

    within_bounds: Fluxes
    at_steady_state: Fluxes


class UnrolledSplitting(nn.Module):
    r"""Douglas–Rachford splitting on the flux polytope, unrolled into message passing with learned steps.

    Each step is one local and one global message. Locally, every reaction moves towards its drive and
    measurement, shrinks by its cost and clips to its bounds; globally, one exact exchange with the metabolites,
    $P = I - S^\top (S S^\top)^+ S$, restores steady state:

    $u = \mathrm{clip}\big((z + g_k + w m) / (1 + e + w),\ l,\ h\big)$, then $y = P (2u - z)$, then
    $z \leftarrow z + \rho_k (y - u) + \mu_k (z - z_\text{previous})$.

    With fixed steps it solves the linear program (g: objective) or the quadratic one (e: cost) of flux balance
    analysis, in hundreds of steps; learned, dozens are enough. Splitting: Eckstein and Bertsekas 1992,
    doi 10.1007/BF01581204; unrolling: Gregor and LeCun 2010, "Learning fast approximations of sparse coding".

    Args:
        steps: Number of steps.

    Shapes:
        lower, upper `[..., reactions]` [mmol/gDW/h]; measured, precision the same, or None; basis
        `[reactions, nullity]` from `nullspace_basis`.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.relaxation = nn.Parameter(torch.ones(steps))
        self.momentum = nn.Parameter(torch.zeros(steps))

    def reset_parameters(self) -> None:
        """Plain Douglas–Rachford: relaxation 1, momentum 0."""
        nn.init.ones_(self.relaxation)
        nn.init.zeros_(self.momentum)

    def forward(
        self,
        lower: Fluxes,
        upper: Fluxes,
        parameters: SplittingParameters,
        basis: Basis,
        measured: Fluxes | None = None,
        precision: Fluxes | None = None,
    ) -> SplittingResult:
        """Run every step.

        Args:
            lower: Lower bounds.
            upper: Upper bounds.
            parameters: What every reaction node brings.
            basis: Basis of the null space of S, float64.
            measured: Measured fluxes; ignored where the precision is zero.
            precision: Weight of every measurement, ≥ 0, relative to one unit of scaled distance.
        """
        scale, exact_scale = parameters.scale, parameters.scale.to(basis.dtype)
        exact_basis = metric_basis(basis, exact_scale.pow(-2))
        spread, collect = (exact_scale[:, None] * exact_basis), (exact_basis / exact_scale[:, None])
        pull, stiffness = self._local_terms(parameters, measured, precision)
        low, high = (bound.to(scale.dtype).reshape(-1, len(scale)) for bound in (lower, upper))
        inside: Tensor = _Iteration.apply(
            parameters.start.expand(low.shape),
            low,
            high,
            parameters.drive * scale,
            pull,
            stiffness,
            collect.to(scale.dtype),
            spread.to(scale.dtype),
            self.relaxation,
            self.momentum,
        )
        # The guarantees are given in float64: the clip to the given bounds, the projection with the exact basis.
        within = torch.clamp(inside.reshape(lower.shape).to(basis.dtype), lower.to(basis.dtype), upper.to(basis.dtype))
        return SplittingResult(within_bounds=within, at_steady_state=(within @ collect) @ spread.T)

    @staticmethod
    def _local_terms(
        parameters: SplittingParameters, measured: Tensor | None, precision: Tensor | None
    ) -> tuple[Tensor | None, Tensor]:
        if measured is None or precision is None:
            return None, 1 / (1 + parameters.shrinkage)
        weight = precision.to(parameters.scale.dtype).reshape(-1, len(parameters.scale))
        target = measured.to(weight.dtype).reshape(weight.shape).nan_to_num()
        return weight * target, 1 / (1 + parameters.shrinkage + weight)


class _Iteration(torch.autograd.Function):
    """The unrolled iteration with a hand-written backward pass.

    Autograd would record a dozen small operations per step. Written out, training a small network is several
    times faster, and the memory is four tensors of the size of the fluxes per step.
    """

    @staticmethod
    def forward(
        ctx: Any,
        start: Tensor,
        low: Tensor,
        high: Tensor,
        drive: Tensor,
        pull: Tensor | None,
        stiffness: Tensor,
        collect: Tensor,
        spread: Tensor,
        relaxation: Tensor,
        momentum: Tensor,
    ) -> Tensor:
        """Return the last local step, shape `[samples, reactions]`; `spread @ collect.T` is the projection."""
        steps, recorded = len(relaxation), any(ctx.needs_input_grad)
        rho, mu = relaxation.tolist(), momentum.tolist()
        trace = []
        state = previous = start.contiguous()
        # Without gradients nothing is kept, and reused memory makes large batches twice as fast.
        free_out, inside_out, reflected_out, correction_out = (
            None if recorded else torch.empty_like(state) for _ in range(4)
        )
        for step in range(steps):
            free = torch.add(state, drive[step], out=free_out)
            if pull is not None:
                free += pull
            free *= stiffness
            inside = torch.clamp(free, low, high, out=inside_out)
            reflected = torch.sub(inside, state, alpha=0.5, out=reflected_out).mul_(2)
            collected = reflected @ collect
            correction = torch.addmm(inside, collected, spread.T, beta=-1, out=correction_out)
            if recorded:
                trace += [state, inside, inside != free, reflected, collected, correction]
            moved = torch.add(state, correction, alpha=rho[step])
            if mu[step]:
                moved.add_(state, alpha=mu[step]).sub_(previous, alpha=mu[step])
            state, previous = moved, state
        if recorded:
            ctx.with_pull = pull is not None
            ctx.save_for_backward(low, stiffness, collect, spread, relaxation, momentum, *trace)
        return inside

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Walk the steps backwards: the clip passes what it did not cut, the projection is linear."""
        low, stiffness, collect, spread, relaxation, momentum, *trace = ctx.saved_tensors
        rho, mu = relaxation.tolist(), momentum.tolist()
        wanted = dict(zip(("start", "low", "high"), ctx.needs_input_grad, strict=False))
        d_low, d_high, d_pull, d_stiffness = (torch.zeros_like(gradient) for _ in range(4))
        d_drive = gradient.new_empty(len(relaxation), gradient.shape[-1])
        d_collect, d_spread = torch.zeros_like(collect), torch.zeros_like(spread)
        d_rho, d_mu = [0.0] * len(rho), [0.0] * len(mu)
        to_inside, to_state, to_previous = gradient, None, None
        for step in reversed(range(len(rho))):
            state, inside, cut, reflected, collected, correction = trace[6 * step : 6 * step + 6]
            if to_state is not None:
                # to_state is the gradient of the next state: corrected, and with momentum.
                onwards = to_state
                d_rho[step] = _dot(onwards, correction)
                d_mu[step] = _dot(onwards, state) - _dot(onwards, trace[6 * step - 6] if step else state)
                to_balanced = onwards * rho[step]
                to_collected = to_balanced @ spread
                d_spread.addmm_(to_balanced.T, collected)
                d_collect.addmm_(reflected.T, to_collected)
                to_reflected = to_collected @ collect.T
                to_inside = torch.sub(2 * to_reflected, to_balanced)
                to_state = torch.sub(onwards, to_reflected).add_(onwards, alpha=mu[step])
                if to_previous is not None:
                    to_state += to_previous
                to_previous = onwards * -mu[step]
            passed = to_inside.masked_fill(cut, 0.0)
            if wanted["low"] or wanted["high"]:
                at_low = cut & (inside == low)
                d_low += to_inside.masked_fill(~at_low, 0.0)
                d_high += to_inside.masked_fill(~cut | at_low, 0.0)
            d_stiffness.addcmul_(passed, inside)
            passed *= stiffness
            torch.sum(passed, 0, out=d_drive[step])
            if ctx.with_pull:
                d_pull += passed
            to_state = passed if to_state is None else to_state.add_(passed)
        # At the first step the previous state is the start itself.
        d_start = to_state if to_previous is None else to_state + to_previous
        d_stiffness = (d_stiffness / stiffness).sum_to_size(stiffness.shape)
        pulls = d_pull if ctx.with_pull else None
        d_rho, d_mu = relaxation.new_tensor(d_rho), momentum.new_tensor(d_mu)
        return d_start, d_low, d_high, d_drive, pulls, d_stiffness, d_collect, d_spread, d_rho, d_mu


def _dot(a: Tensor, b: Tensor) -> float:
    return float(torch.dot(a.reshape(-1), b.reshape(-1)))
