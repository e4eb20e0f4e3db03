"""Exact steady state: the nearest flux with S·v = 0, in closed form."""

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
    """Orthonormal basis N of the fluxes that balance, S·N = 0, shape `[reactions, nullity]`, float64.

    Args:
        incidence: The operator S.
        tolerance: Pivots below this fraction of the largest count as zero.
    """
    basis = null_basis(incidence.to_dense().detach().cpu().numpy(), tolerance)
    return torch.from_numpy(basis).to(incidence.value.device)


def metric_basis(basis: Tensor, metric: Tensor) -> Tensor:
    """Basis Q of the null space in scaled fluxes, x = √w v, orthonormal: P = Q Qᵀ projects onto it.

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
    gives up what its metabolites cannot balance, the more so the smaller its weight. This is the linear
    reconciliation of measured rates (van der Heijden et al. 1994, doi 10.1002/bit.260430104).

    Computes in float64 and answers in the dtype that it was given: max|S·v| is about 1e-13 times the largest
    flux for float64 input, and the rounding of float32 (about 1e-4) for float32 input. Whole numbers are answered in
    float64.

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
        """Project fluxes; the metric weighs reactions, and equal weights are the default."""
        fluxes = as_floating("fluxes", fluxes)
        exact = fluxes.to(torch.float64)
        if metric is None:
            return ((exact @ self.basis) @ self.basis.T).to(fluxes.dtype)
        metric = require_positive("metric", metric)
        root = metric.to(torch.float64).sqrt()
        basis = metric_basis(self.basis, metric.to(torch.float64))
        return ((((exact * root) @ basis) @ basis.T) / root).to(fluxes.dtype)


class SteadyStateConv(nn.Module):
    r"""Global message passing between reactions, through the fluxes that balance.

    Matrix form $X' = X W_\text{self} + N N^\top X W_\text{global} + b$; node-wise
    $x_r' = W_\text{self} x_r + W_\text{global} \sum_{q} (N N^\top)_{rq} x_q + b$, where $(N N^\top)_{rq}$ says
    how much reaction r moves when q does at steady state. One layer reaches the whole network, which local
    message passing does not: hubs such as ATP and water dilute it.

    Args:
        in_channels: Channels of every reaction.
        out_channels: Channels of every reaction afterwards.
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
        """Mix every reaction's channels with those of the reactions that it moves with.

        Raises:
            InputError: The channels are whole numbers.
        """
        require_floating("x", x)
        basis = basis.to(x.dtype)
        # Channels first: the two products with N then run on the narrower of the two widths.
        mixed: Tensor = self.own(x) + basis @ (basis.T @ self.across(x))
        return mixed
