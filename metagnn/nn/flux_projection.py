"""The projection onto steady state as one step of an iteration: dense for small networks, sparse for large ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from metagnn._typing import Basis, Metric
from metagnn.network.sparse_balances import BalanceFactor, SparseBalances
from metagnn.nn.steady_state import metric_basis


class AbstractFluxProjection(ABC):
    """P, the nearest fluxes at steady state in units of the scales, with its part of a hand-written backward pass.

    A forward step leaves something behind for the gradients of what P is made of, a backward step something else;
    both are of shape `[samples, width]`.

    Attributes:
        parameters: What P is made of, in the dtype of the iteration; `gradients` answers in this order.
        width: Entries that a step leaves behind per sample.
    """

    parameters: tuple[Tensor, ...]
    width: int

    @abstractmethod
    def nearest(self, fluxes: Tensor) -> Tensor:
        """P of float64 fluxes, exact and differentiable, shape `[..., reactions]`."""

    @abstractmethod
    def step(self, state: Tensor, half: Tensor, kept: Tensor, beta: float, alpha: float) -> None:
        """In place: state ← beta · state + alpha · P (2 half), all `[samples, reactions]`; fills `kept`."""

    @abstractmethod
    def step_back(self, slope: Tensor, kept: Tensor, out: Tensor, alpha: float) -> None:
        """In place: out ← alpha (2 Pᵀ − 1) slope, all `[samples, reactions]`; fills `kept`."""

    @abstractmethod
    def gradients(
        self, slopes: Tensor, halves: Tensor, forward: Tensor, backward: Tensor, weights: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Gradients of all steps together.

        Args:
            slopes: Gradient of every step's state, shape `[steps, samples, reactions]`.
            halves: What every step projected, the same shape.
            forward: What the forward steps kept, shape `[steps, samples, width]`.
            backward: What the backward steps kept, the same shape.
            weights: By how much every step counted its projection, shape `[steps]`.

        Returns:
            slope · P (2 half) of every step, shape `[steps]`, and the gradients of the parameters.
        """


class DenseProjection(AbstractFluxProjection):
    """P = spread @ collect.T: two products with a basis of the null space.

    Args:
        collect: Shape `[reactions, nullity]`.
        spread: The same shape.
        dtype: Of the iteration; of the two by default.
    """

    def __init__(self, collect: Tensor, spread: Tensor, dtype: torch.dtype | None = None) -> None:
        self._exact = collect, spread
        self.parameters = collect.to(dtype or collect.dtype), spread.to(dtype or spread.dtype)
        self.width = collect.shape[1]
        collect, spread = (half.detach() for half in self.parameters)
        self._spread, self._spread_back = spread, spread.T.contiguous()
        self._collect, self._collect_back = 2 * collect, (2 * collect).T.contiguous()

    @classmethod
    def in_scale(cls, basis: Basis, scale: Metric) -> DenseProjection:
        """From a basis of the null space, float64, and the scales of the fluxes."""
        exact = scale.to(basis.dtype)
        orthonormal = metric_basis(basis, exact.pow(-2))
        return cls(orthonormal / exact[:, None], exact[:, None] * orthonormal, scale.dtype)

    def nearest(self, fluxes: Tensor) -> Tensor:
        """See the base class."""
        collect, spread = self._exact
        return (fluxes @ collect) @ spread.T

    def step(self, state: Tensor, half: Tensor, kept: Tensor, beta: float, alpha: float) -> None:
        """See the base class; keeps the coordinates in the null space."""
        torch.mm(half, self._collect, out=kept)
        state.addmm_(kept, self._spread_back, beta=beta, alpha=alpha)

    def step_back(self, slope: Tensor, kept: Tensor, out: Tensor, alpha: float) -> None:
        """See the base class; keeps the slopes of the coordinates."""
        torch.mm(slope, self._spread, out=kept)
        torch.addmm(slope, kept, self._collect_back, beta=-alpha, alpha=alpha, out=out)

    def gradients(
        self, slopes: Tensor, halves: Tensor, forward: Tensor, backward: Tensor, weights: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See the base class."""
        weight = weights[:, None, None]
        to_collect = 2 * halves.flatten(0, 1).T @ (backward * weight).flatten(0, 1)
        to_spread = (slopes * weight).flatten(0, 1).T @ forward.flatten(0, 1)
        return (backward * forward).sum((1, 2)), (to_collect, to_spread)


class SparseProjection(AbstractFluxProjection):
    """P = 1 − D² Aᵀ (A D² Aᵀ)⁻¹ A with a sparse factor, on the CPU, at a cost that grows as the network does.

    Args:
        balances: A.
        scale: D, shape `[columns]`.
    """

    def __init__(self, balances: SparseBalances, scale: Metric) -> None:
        self._variance = scale.to(torch.float64).square()
        self._factor = balances.factor(self._variance.detach().cpu().numpy())
        self.parameters = (self._variance.to(scale.dtype),)
        self._variances = self.parameters[0].detach()
        self.width = len(scale)

    def nearest(self, fluxes: Tensor) -> Tensor:
        """See the base class."""
        nearest: Tensor = NearestBalanced.apply(fluxes.reshape(-1, self.width), self._variance, self._factor)
        return nearest.reshape(fluxes.shape)

    def step(self, state: Tensor, half: Tensor, kept: Tensor, beta: float, alpha: float) -> None:
        """See the base class; keeps the correction before it is scaled."""
        torch.mul(_correction(self._factor, half), 2, out=kept)
        state.mul_(beta).add_(half, alpha=2 * alpha).addcmul_(self._variances, kept, value=-alpha)

    def step_back(self, slope: Tensor, kept: Tensor, out: Tensor, alpha: float) -> None:
        """See the base class; keeps Pᵀ slope."""
        torch.sub(slope, _correction(self._factor, slope * self._variances), out=kept)
        torch.sub(kept, slope, alpha=0.5, out=out).mul_(2 * alpha)

    def gradients(
        self, slopes: Tensor, halves: Tensor, forward: Tensor, backward: Tensor, weights: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See the base class."""
        to_variance, agreement = torch.zeros_like(self._variances), torch.zeros_like(weights)
        # Step by step: no intermediate of the size of all.
        for step, weight in enumerate(weights.tolist()):
            to_variance.sub_((backward[step] * forward[step]).sum(0), alpha=weight)
            projected = torch.addcmul(2 * halves[step], self._variances, forward[step], value=-1)
            agreement[step] = (slopes[step] * projected).sum()
        return agreement, (to_variance,)


class NearestBalanced(torch.autograd.Function):
    """P of float64 fluxes by a sparse factor, twice refined: the balances hold to rounding."""

    @staticmethod
    def forward(ctx: Any, fluxes: Tensor, variance: Tensor, factor: BalanceFactor) -> Tensor:
        """The nearest fluxes.

        Args:
            ctx: Autograd's context.
            fluxes: Shape `[samples, columns]`.
            variance: Squared scales, shape `[columns]`.
            factor: The factor made with them.
        """
        moved = _correction(factor, fluxes, 2)
        ctx.save_for_backward(moved, variance)
        ctx.factor = factor
        return fluxes - variance * moved

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """P is linear in the fluxes, and so is its slope in a scale."""
        moved, variance = ctx.saved_tensors
        passed = gradient - _correction(ctx.factor, variance * gradient)
        return passed, -(passed * moved).sum(0), None


def _correction(factor: BalanceFactor, values: Tensor, refinements: int | None = None) -> Tensor:
    """`BalanceFactor.correction` of a batch, shape `[samples, columns]`, in its dtype."""
    if refinements is None:
        # What is rounded to float32 next needs no better balance.
        refinements = int(values.dtype == torch.float64)
    columns = values.detach().T.to("cpu", torch.float64).contiguous().numpy()
    return torch.from_numpy(factor.correction(columns, refinements)).T.to(values)
