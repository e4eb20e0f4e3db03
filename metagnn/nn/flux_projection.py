"""Projection onto steady state as a step of an iteration: dense for small networks, sparse for large ones."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor

from metagnn._typing import Basis, Metric
from metagnn.network.sparse_balances import BalanceFactor, SparseBalances
from metagnn.nn.balance_correction import BalanceCorrection
from metagnn.nn.steady_state import metric_basis


class AbstractFluxProjection(ABC):
    """Projection P onto steady state, nearest in units of the scales, with its part of a hand-written backward pass.

    Each forward and each backward step saves a tensor of shape `[samples, width]`, from which `gradients` computes
    the gradients of the parameters.

    Attributes:
        parameters: Tensors that define P; `gradients` returns their gradients in this order.
        width: Saved entries of a step per sample.
    """

    parameters: tuple[Tensor, ...]
    width: int

    @abstractmethod
    def nearest(self, fluxes: Tensor, exact: bool = True) -> Tensor:
        """Project fluxes; differentiable to any order in the fluxes and the parameters.

        Args:
            fluxes: Shape `[..., reactions]`.
            exact: Whether |S·v| is at most 1e-10 of the largest flux (1e-9 by a basis if coefficients span five
                decades). Otherwise it is what two refinements reach, as in training: less where learned scales are
                uneven, but the loss and its gradients agree, and no step waits for a slower solver.
        """

    @abstractmethod
    def step(self, state: Tensor, half: Tensor, kept: Tensor, beta: float, alpha: float) -> None:
        """Set state ← beta · state + alpha · P (2 half) in place, all `[samples, reactions]`, and fill `kept`."""

    @abstractmethod
    def step_back(self, slope: Tensor, kept: Tensor, out: Tensor, alpha: float) -> None:
        """Set out ← alpha (2 Pᵀ − 1) slope in place, all `[samples, reactions]`, and fill `kept`."""

    @abstractmethod
    def gradients(
        self, slopes: Tensor, halves: Tensor, forward: Tensor, backward: Tensor, weights: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Compute the gradients of all steps together.

        Args:
            slopes: Gradient of every step's state, shape `[steps, samples, reactions]`.
            halves: Half the projected fluxes of every step, the same shape.
            forward: Tensors saved by the forward steps, shape `[steps, samples, width]`.
            backward: Tensors saved by the backward steps, the same shape.
            weights: Weight of the projection in every step, shape `[steps]`.

        Returns:
            slope · P (2 half) of every step, shape `[steps]`, and the gradients of the parameters.
        """


class DenseProjection(AbstractFluxProjection):
    """Projection P = spread @ collect.T, two products with a basis of the null space.

    Args:
        collect: Shape `[reactions, nullity]`.
        spread: The same shape.
    """

    def __init__(self, collect: Tensor, spread: Tensor) -> None:
        self.parameters = collect, spread
        self.width = collect.shape[1]

    @classmethod
    def in_scale(cls, basis: Basis, scale: Metric) -> DenseProjection:
        """Make the projection from a float64 basis of the null space and the scales of the fluxes."""
        exact = scale.to(basis.dtype)
        orthonormal = metric_basis(basis, exact.pow(-2))
        return cls(orthonormal / exact[:, None], exact[:, None] * orthonormal)

    # Cached on first use: each pass needs two of them, in the memory layout of its products.
    @functools.cached_property
    def _spread(self) -> Tensor:
        return self.parameters[1].detach()

    @functools.cached_property
    def _spread_back(self) -> Tensor:
        return self._spread.T.contiguous()

    @functools.cached_property
    def _collect(self) -> Tensor:
        return 2 * self.parameters[0].detach()

    @functools.cached_property
    def _collect_back(self) -> Tensor:
        return self._collect.T.contiguous()

    def nearest(self, fluxes: Tensor, exact: bool = True) -> Tensor:
        """See the base class; a basis of the null space is always exact."""
        collect, spread = self.parameters
        return (fluxes @ collect) @ spread.T

    def step(self, state: Tensor, half: Tensor, kept: Tensor, beta: float, alpha: float) -> None:
        """See the base class; save the coordinates in the null space."""
        torch.mm(half, self._collect, out=kept)
        state.addmm_(kept, self._spread_back, beta=beta, alpha=alpha)

    def step_back(self, slope: Tensor, kept: Tensor, out: Tensor, alpha: float) -> None:
        """See the base class; save the slopes of the coordinates."""
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


class BalanceFactors:
    """Sparse factors of balances in a metric; the last one is cached, because every step needs it.

    Args:
        balances: The balances A.
    """

    def __init__(self, balances: SparseBalances) -> None:
        self._balances = balances
        self._last: tuple[np.ndarray, BalanceFactor] | None = None

    def factor(self, variance: Tensor) -> BalanceFactor:
        """Return the factor of A diag(m) Aᵀ, m of shape `[columns]`."""
        wanted, last = variance.detach().to("cpu", torch.float64).numpy(), self._last
        if last is None or not np.array_equal(last[0], wanted):
            self._last = last = wanted.copy(), self._balances.factor(wanted)
        return last[1]

    def correct(self, values: Tensor, variance: Tensor, exact: bool = True) -> Tensor:
        """Compute C of `BalanceCorrection`, refined until the balances hold, or twice if that is not needed.

        Args:
            values: x, shape `[..., *samples, columns]`.
            variance: m, shape `[*samples, columns]`; each sample costs one factorisation.
            exact: Whether the balances have to hold.
        """
        variances = variance.reshape(-1, variance.shape[-1])
        sides = values.reshape(-1, *variances.shape)
        moved = []
        for row, one in enumerate(variances):
            factor, columns = self.factor(one), _as_columns(sides[:, row])
            found = factor.exact_correction(columns) if exact else factor.correction(columns, 2)
            moved.append(torch.from_numpy(found).T.to(values))
        return torch.stack(moved, dim=1).reshape(values.shape)


class SparseProjection(AbstractFluxProjection):
    """Projection P = 1 − D² Aᵀ (A D² Aᵀ)⁻¹ A with a sparse factor on the CPU, at a cost that grows about linearly.

    Args:
        factors: Factors of A.
        scale: Diagonal of D, shape `[columns]`.
    """

    def __init__(self, factors: BalanceFactors, scale: Metric) -> None:
        self._factors = factors
        self.parameters = (scale,)
        self.width = len(scale)

    # Computed on first use, outside `torch.func` transforms, where values can be read.
    @functools.cached_property
    def _variance(self) -> Tensor:
        return self.parameters[0].to(torch.float64).square()

    @functools.cached_property
    def _variances(self) -> Tensor:
        return self._variance.detach().to(self.parameters[0].dtype)

    @functools.cached_property
    def _factor(self) -> BalanceFactor:
        return self._factors.factor(self._variance)

    def nearest(self, fluxes: Tensor, exact: bool = True) -> Tensor:
        """See the base class; compute in float64."""
        values = fluxes.to(torch.float64)
        solver = functools.partial(self._factors.correct, exact=exact)
        moved: Tensor = BalanceCorrection.apply(values, self._variance, solver)
        return values - self._variance * moved

    def step(self, state: Tensor, half: Tensor, kept: Tensor, beta: float, alpha: float) -> None:
        """See the base class; save the unscaled correction."""
        torch.mul(_correction(self._factor, half), 2, out=kept)
        state.mul_(beta).add_(half, alpha=2 * alpha).addcmul_(self._variances, kept, value=-alpha)

    def step_back(self, slope: Tensor, kept: Tensor, out: Tensor, alpha: float) -> None:
        """See the base class; save Pᵀ slope."""
        torch.sub(slope, _correction(self._factor, slope * self._variances), out=kept)
        torch.sub(kept, slope, alpha=0.5, out=out).mul_(2 * alpha)

    def gradients(
        self, slopes: Tensor, halves: Tensor, forward: Tensor, backward: Tensor, weights: Tensor
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See the base class."""
        to_variance, agreement = torch.zeros_like(self._variances), torch.zeros_like(weights)
        # One step at a time, to save memory.
        for step, weight in enumerate(weights.tolist()):
            to_variance.sub_((backward[step] * forward[step]).sum(0), alpha=weight)
            projected = torch.addcmul(2 * halves[step], self._variances, forward[step], value=-1)
            agreement[step] = (slopes[step] * projected).sum()
        (scale,) = self.parameters
        return agreement, ((2 * scale.to(torch.float64) * to_variance).to(scale.dtype),)


def _correction(factor: BalanceFactor, values: Tensor) -> Tensor:
    """Compute `BalanceFactor.correction` of a batch, shape `[samples, columns]`, in its dtype."""
    # A float32 result gains nothing from refinement.
    refinements = int(values.dtype == torch.float64)
    return torch.from_numpy(factor.correction(_as_columns(values), refinements)).T.to(values)


def _as_columns(values: Tensor) -> np.ndarray:
    """Return a batch `[samples, columns]` as float64 array `[columns, samples]`."""
    columns: np.ndarray = values.detach().T.to("cpu", torch.float64).contiguous().numpy()
    return columns
