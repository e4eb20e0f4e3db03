"""Exact steady state: nearest flux with S·v = 0 in closed form, and message passing through the null space."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import torch
from torch import Tensor, nn

from metagnn._typing import Basis, Fluxes, GivenFluxes, GivenMetric, ReactionFeatures
from metagnn.network.compression import null_basis
from metagnn.network.float64_module import Float64Module
from metagnn.network.incidence import Incidence
from metagnn.network.precision import as_floating, require_floating
from metagnn.nn.balance_correction import map_by_loop
from metagnn.nn.positive import require_positive
from metagnn.nn.settled_fluxes import SettledFluxes

UNEVEN = 1e8
"""Ratio of the largest to the least weight above which the Gram matrix of a basis loses digits."""


def nullspace_basis(incidence: Incidence, tolerance: float = 1e-11) -> Tensor:
    """Compute an orthonormal basis N of the null space, shape `[reactions, nullity]`, float64 whatever the dtype of S.

    |S·N| is at most 1e-12 times the largest coefficient. Rows and columns of coefficients from 1e-6 to 1e6, duplicates
    and empty rows and columns count as what they are.

    Args:
        incidence: The operator S.
        tolerance: Pivots below this fraction of the largest count as zero.
    """
    basis = null_basis(incidence.to_dense().detach().cpu().numpy(), tolerance)
    return torch.from_numpy(basis).to(incidence.value.device)


def metric_basis(basis: Tensor, metric: Tensor) -> Tensor:
    """Compute an orthonormal basis Q of the null space in scaled fluxes x = √w v; P = Q Qᵀ projects onto it.

    P is differentiable in both arguments; Q itself is determined up to a rotation, which counts as constant where
    weights differ by more than 1e8.

    Args:
        basis: Basis N of the null space of S, shape `[reactions, nullity]`, float64.
        metric: Positive weights w, shape `[reactions]`; from 1e-12 to 1e12 in one vector, Q is orthonormal to 1e-12.
    """
    if not torch.compiler.is_compiling() and not _known_even(metric):
        basis, *_ = _Levelled.apply(basis, metric, False)
    scaled = metric.sqrt()[:, None] * basis
    factor = torch.linalg.cholesky(scaled.T @ scaled)
    solved: Tensor = torch.linalg.solve_triangular(factor, scaled.T, upper=False)
    return solved.T


def _known_even(metric: Tensor) -> bool:
    """Return whether weights are even; False inside transforms that hide values, where `_Levelled` reads them.

    Saves the call of a custom function, a thirtieth of a prediction on e_coli_core.
    """
    try:
        least, largest = torch.aminmax(metric.detach())
        return bool(largest <= UNEVEN * least)
    except RuntimeError:
        return False


class _Levelled(torch.autograd.Function):
    """Basis N M of the same space, M such that √w N M is nearly orthonormal; N itself for even weights.

    M⁻¹ is the triangle of a QR with columns pivoted and rows sorted by size, which keeps the digits of every row
    however uneven they are (Powell & Reid 1969, "On applying Householder transformations to linear least squares
    problems"). No projection onto the space depends on M, so it counts as constant in the derivatives.
    """

    @staticmethod
    def forward(basis: Tensor, metric: Tensor, always: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return N M, and the triangle and the order of its columns that give M, both empty where M is 1."""
        least, largest = torch.aminmax(metric)
        if not basis.shape[1] or not (always or bool(largest > UNEVEN * least)):
            return basis.view_as(basis), basis.new_empty(0), basis.new_empty(0, dtype=torch.int64)
        scaled = (metric.sqrt()[:, None] * basis).cpu().numpy()
        rows = np.argsort(-np.abs(scaled).max(axis=1), kind="stable")
        triangle, pivots = scipy.linalg.qr(scaled[rows], mode="r", pivoting=True)
        corner = torch.from_numpy(triangle[: basis.shape[1]].copy()).to(basis)
        order = torch.from_numpy(pivots.astype(np.int64)).to(basis.device)
        return _through(basis, corner, order), corner, order

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Save the triangle and its order."""
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*output[1:])
        ctx.save_for_forward(*output[1:])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor, None, None]:
        """Apply Mᵀ from the right."""
        corner, order = ctx.saved_tensors
        if not len(order):
            return gradient, None, None
        solved = torch.linalg.solve_triangular(corner.T, gradient, upper=False, left=False)
        return solved[:, order.argsort()], None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor | None, *_: Any) -> tuple[Tensor | None, None, None]:
        """Apply M from the right."""
        return (None if tangent is None else _through(tangent, *ctx.saved_tensors)), None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], basis: Tensor, metric: Tensor, always: bool
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Level one basis for each index, even ones too, so that all have a triangle."""
        return map_by_loop(_Levelled.apply, info.batch_size, in_dims, (basis, metric, True)), (0, 0, 0)


def _through(basis: Tensor, corner: Tensor, order: Tensor) -> Tensor:
    """Return N M for the triangle and the order of its columns."""
    if not len(order):
        return basis.view_as(basis)
    levelled: Tensor = torch.linalg.solve_triangular(corner, basis[:, order], upper=True, left=False)
    return levelled


class SteadyStateProjection(Float64Module):
    r"""Nearest flux at steady state, in closed form, in any diagonal metric.

    $v^* = \arg\min_v \sum_r w_r (v_r - t_r)^2$ subject to $S v = 0$. In matrix form
    $v^* = N (N^\top W N)^{-1} N^\top W t$ with an orthonormal null-space basis $N$; node-wise, every reaction
    gives up the imbalance of its metabolites, and more of it the smaller its weight. This is the linear reconciliation
    of measured rates (van der Heijden et al. 1994, doi 10.1002/bit.260430104).

    Computes in float64 and returns the dtype of the input: float64 for integers; float32, float16 and bfloat16 are
    rounded at the end, and S·v then holds to that rounding. Complex numbers are refused.

    For float64 input, |S·v| ≤ 1e-9 · max(1, max|v|) on every network: coefficients from 1e-6 to 1e6, weights from
    1e-12 to 1e12 in one vector, targets to 1e12. A sample where float64 cannot hold that is NaN, with a warning.

    Args:
        incidence: The operator S.

    Shapes:
        fluxes `[..., reactions]` to `[..., reactions]` [mmol/gDW/h].

    Raises:
        InputError: A weight is not positive, or a tensor is complex.
    """

    basis: Tensor

    def __init__(self, incidence: Incidence) -> None:
        super().__init__()
        self.register_buffer("basis", nullspace_basis(incidence), persistent=False)
        self._settle = SettledFluxes(incidence)

    def forward(self, fluxes: GivenFluxes, metric: GivenMetric | None = None) -> Fluxes:
        """Project fluxes; the metric holds the weights of reactions, equal by default."""
        fluxes = as_floating("fluxes", fluxes)
        exact = fluxes.to(torch.float64)
        if metric is None:
            return self._settle((exact @ self.basis) @ self.basis.T).to(fluxes.dtype)
        metric = require_positive("metric", as_floating("metric", metric)).to(torch.float64)
        root = metric.sqrt()
        basis = metric_basis(self.basis, metric)
        return self._settle((((exact * root) @ basis) @ basis.T) / root).to(fluxes.dtype)


class SteadyStateConv(nn.Module):
    r"""Global message passing between reactions through the null space of S.

    Matrix form $X' = X W_\text{self} + N N^\top X W_\text{global} + b$; node-wise
    $x_r' = W_\text{self} x_r + W_\text{global} \sum_{q} (N N^\top)_{rq} x_q + b$, where $(N N^\top)_{rq}$ is
    the change of reaction r with reaction q at steady state. One layer reaches the whole network; in local message
    passing, hubs such as ATP and water dilute the messages.

    Args:
        in_channels: Input channels of every reaction.
        out_channels: Output channels of every reaction.
        bias: Whether to add a bias.

    Shapes:
        x `[..., reactions, in_channels]`, basis `[reactions, nullity]` from `nullspace_basis`; to
        `[..., reactions, out_channels]`.
    """

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__()
        self.own = nn.Linear(in_channels, out_channels, bias=bias)
        self.across = nn.Linear(in_channels, out_channels, bias=False)

    def reset_parameters(self) -> None:
        """Draw new weights."""
        self.own.reset_parameters()
        self.across.reset_parameters()

    def forward(self, x: ReactionFeatures, basis: Basis) -> ReactionFeatures:
        """Mix the channels of every reaction with those of the reactions coupled to it at steady state.

        Raises:
            InputError: The channels are integers.
        """
        require_floating("x", x)
        basis = basis.to(x.dtype)
        # Project the channels first: the two products with N then run on the output width.
        mixed: Tensor = self.own(x) + basis @ (basis.T @ self.across(x))
        return mixed
