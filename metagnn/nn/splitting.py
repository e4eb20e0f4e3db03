"""Unrolled splitting: a layer that solves for fluxes by message passing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from metagnn._typing import Basis, Fluxes, GivenFluxes, GivenMetric, Stepwise
from metagnn.network.precision import as_floating, working
from metagnn.network.sparse_balances import SparseBalances
from metagnn.nn.flux_projection import AbstractFluxProjection, BalanceFactors, DenseProjection, SparseProjection
from metagnn.nn.splitting_iteration import iterate


@dataclass(frozen=True)
class SplittingParameters:
    """Parameters of the splitting for every reaction node.

    Attributes:
        scale: Positive scale of every flux, the unit of its distances, shape `[reactions]`.
        drive: Linear pull on every flux in every step (positive: forward), shape `[steps, reactions]`.
        shrinkage: Non-negative quadratic cost of every flux, shape `[reactions]`.
        start: Initial state of the iteration, shape `[reactions]`.
    """

    scale: GivenMetric
    drive: Stepwise
    shrinkage: GivenMetric
    start: GivenMetric


@dataclass(frozen=True)
class SplittingResult:
    """Fluxes at the end of the splitting.

    Attributes:
        within_bounds: Result of the last local step: within bounds, near steady state [mmol/gDW/h].
        at_steady_state: Its projection onto steady state, near the bounds [mmol/gDW/h]; exact in evaluation mode only,
            see `AbstractFluxProjection.nearest`.
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

    With fixed parameters it solves the linear (g: objective) or quadratic program (e: cost) of flux balance analysis
    in hundreds of steps; with learned ones, dozens are enough. Splitting: Eckstein and Bertsekas 1992,
    doi 10.1007/BF01581204; unrolling: Gregor and LeCun 2010, "Learning fast approximations of sparse coding".

    Args:
        steps: Number of steps.

    Shapes:
        lower, upper `[..., reactions]` [mmol/gDW/h]; measured, precision the same, or None; steady_states
        `[reactions, nullity]` from `nullspace_basis`, or `SparseBalances` for a large network.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.relaxation = nn.Parameter(torch.ones(steps))
        self.momentum = nn.Parameter(torch.zeros(steps))

    def reset_parameters(self) -> None:
        """Reset to plain Douglas–Rachford: relaxation 1, momentum 0."""
        nn.init.ones_(self.relaxation)
        nn.init.zeros_(self.momentum)

    def forward(
        self,
        lower: GivenFluxes,
        upper: GivenFluxes,
        parameters: SplittingParameters,
        steady_states: Basis | SparseBalances,
        measured: GivenFluxes | None = None,
        precision: GivenFluxes | None = None,
    ) -> SplittingResult:
        """Run all steps.

        Args:
            lower: Lower bounds.
            upper: Upper bounds.
            parameters: Parameters of every reaction node.
            steady_states: Basis of the null space of S, float64; or sparse S, to avoid a dense basis.
            measured: Measured fluxes; ignored if the precision is zero.
            precision: Weight of every measurement, ≥ 0, relative to one unit of scaled distance.
        """
        scale = working(as_floating("scale", parameters.scale))
        make: Callable[..., AbstractFluxProjection]
        projection: AbstractFluxProjection
        made_of: tuple[Tensor, ...]
        if isinstance(steady_states, SparseBalances):
            make = functools.partial(SparseProjection, BalanceFactors(steady_states))
            projection, made_of = make(scale), (scale,)
        else:
            make, projection = DenseProjection, DenseProjection.in_scale(steady_states, scale)
            made_of = tuple(part.to(scale.dtype) for part in projection.parameters)
        pull, stiffness = self._local_terms(parameters, scale, measured, precision)
        low, high = (bound.to(scale.dtype).reshape(-1, len(scale)) for bound in (lower, upper))
        inside = iterate(
            make,
            parameters.start.to(scale.dtype).expand(low.shape),
            torch.stack((low, high)),
            parameters.drive * scale,
            pull,
            stiffness,
            torch.stack((self.relaxation, self.momentum)).to(scale.dtype),
            *made_of,
        )
        # Clip and project in float64, so that bounds and steady state hold exactly.
        exact = torch.float64
        within = torch.clamp(inside.reshape(lower.shape).to(exact), lower.to(exact), upper.to(exact))
        return SplittingResult(within_bounds=within, at_steady_state=projection.nearest(within, not self.training))

    @staticmethod
    def _local_terms(
        parameters: SplittingParameters, scale: Tensor, measured: Tensor | None, precision: Tensor | None
    ) -> tuple[Tensor | None, Tensor]:
        shrinkage = parameters.shrinkage.to(scale.dtype)
        if measured is None or precision is None:
            return None, 1 / (1 + shrinkage)
        weight = precision.to(scale.dtype).reshape(-1, len(scale))
        target = measured.to(scale.dtype).reshape(weight.shape).nan_to_num()
        return weight * target, 1 / (1 + shrinkage + weight)
