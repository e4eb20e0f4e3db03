"""Exact steady state: nearest flux with S·v = 0 in closed form, and message passing through the null space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metagnn._typing import Basis, Fluxes, GivenFluxes, GivenMetric, ReactionFeatures
from metagnn.network.compression import null_basis
from metagnn.network.float64_module import Float64Module
from metagnn.network.incidence import Incidence
from metagnn.network.precision import as_floating, require_floating
from metagnn.nn.positive import require_positive


def nullspace_basis(incidence: Incidence, tolerance: float = 1e-11) -> Tensor:
    """Compute an orthonormal basis N of the null space, S·N = 0, shape `[reactions, nullity]`, float64.

    Args:
        incidence: The operator S.
        tolerance: Pivots below this fraction of the largest count as zero.
    """
    basis = null_basis(incidence.to_dense().detach().cpu().numpy(), tolerance)
    return torch.from_numpy(basis).to(incidence.value.device)


def metric_basis(basis: Tensor, metric: Tensor) -> Tensor:
    """Compute an orthonormal basis Q of the null space in scaled fluxes x = √w v; P = Q Qᵀ projects onto it.

    Args:
        basis: Basis N of the null space of S, shape `[reactions, nullity]`.
        metric: Positive weights w, shape `[reactions]`.
    """
    scaled = metric.sqrt()[:, None] * basis
    factor = torch.linalg.cholesky(scaled.T @ scaled)
    solved: Tensor = torch.linalg.solve_triangular(factor, scaled.T, upper=False)
    return solved.T


class SteadyStateProjection(Float64Module):
    r"""Nearest flux at steady state, in closed form, in any diagonal metric.

    $v^* = \arg\min_v \sum_r w_r (v_r - t_r)^2$ subject to $S v = 0$. In matrix form
    $v^* = N (N^\top W N)^{-1} N^\top W t$ with an orthonormal null-space basis $N$; node-wise, every reaction
    gives up the imbalance of its metabolites, and more of it the smaller its weight. This is the linear reconciliation
    of measured rates (van der Heijden et al. 1994, doi 10.1002/bit.260430104).

    Computes in float64 and returns the dtype of the input (float64 for integers): max|S·v| is about 1e-13 times the
    largest flux for float64 input, and about 1e-4, the rounding of float32, for float32 input.

    Args:
        incidence: The operator S.

    Shapes:
        fluxes `[..., reactions]` to `[..., reactions]` [mmol/gDW/h].

    Raises:
        InputError: A weight is not positive.
    """

    basis: Tensor

    def __init__(self, incidence: Incidence) -> None:
        super().__init__()
        self.register_buffer("basis", nullspace_basis(incidence), persistent=False)

    def forward(self, fluxes: GivenFluxes, metric: GivenMetric | None = None) -> Fluxes:
        """Project fluxes; the metric holds the weights of reactions, equal by default."""
        fluxes = as_floating("fluxes", fluxes)
        exact = fluxes.to(torch.float64)
        if metric is None:
            return ((exact @ self.basis) @ self.basis.T).to(fluxes.dtype)
        metric = require_positive("metric", metric)
        root = metric.to(torch.float64).sqrt()
        basis = metric_basis(self.basis, metric.to(torch.float64))
        return ((((exact * root) @ basis) @ basis.T) / root).to(fluxes.dtype)


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
