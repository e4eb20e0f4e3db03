"""Nearest point of a box where balances hold, for large sparse networks: one interior-point solver for a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from metagnn.optimize.active_set import ActiveSet
from metagnn.optimize.interior_point import InteriorPoint

ACCEPTED = 1e-9
"""Largest imbalance and bound violation of a solution that is accepted, relative to 1 + its largest flux."""


class SparseNearest:
    """Minimise ½ Σ w (x − t)² subject to A x = 0 and l ≤ x ≤ u, sample by sample, with prepared solvers.

    A dense factor per sample, as `nearest_balanced` takes it, costs more than a sparse interior point from about 200
    balances on.

    Args:
        matrix: A, shape `[balances, columns]`, scipy sparse.
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = scipy.sparse.csc_array(matrix)
        self._quick = InteriorPoint(self.matrix, exact=True, scalings=2)
        self._careful = InteriorPoint(self.matrix, exact=True)

    def solve(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values, which bound holds each (−1 lower, 1 upper, 0 none), and which samples are solved.

        Args:
            target: t, shape `[samples, columns]`.
            lower: l, the same shape; −inf where there is none.
            upper: u, the same shape; inf where there is none.
            weight: w > 0, the same shape.
        """
        # A batch does not depend on the batches before it, in no digit; costs what the analysis of one matrix takes.
        self._quick.restart()
        self._careful.restart()
        arrays = [tensor.cpu().numpy() for tensor in (target, lower, upper, weight)]
        values = np.full(target.shape, np.nan)
        side = np.zeros(target.shape, dtype=np.int8)
        solved = np.zeros(len(target), dtype=bool)
        for row, sample in enumerate(zip(*arrays, strict=True)):
            found = self._one(*sample)
            if found is not None:
                values[row], side[row] = found
                solved[row] = True
        device = target.device
        return tuple(torch.from_numpy(array).to(device) for array in (values, side, solved))  # type: ignore[return-value]

    def _one(
        self, target: np.ndarray, lower: np.ndarray, upper: np.ndarray, weight: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray] | None:
        limits = np.abs(np.concatenate([lower, upper]))
        # Bounds as wide as the widest limit nothing, and without them the solver takes a third fewer steps.
        widest = limits[np.isfinite(limits)].max(initial=0.0)
        loose = np.where(lower <= -widest, -np.inf, lower), np.where(upper >= widest, np.inf, upper)
        tight = lower, upper
        for solver, bounds in ((self._quick, loose), (self._careful, tight), (self._quick, tight)):
            point = solver.solve(weight, weight * target, bounds)
            if point is None:
                continue
            values = np.clip(point.values, lower, upper)
            size = 1.0 + np.abs(values).max(initial=0.0)
            moved = np.abs(values - point.values).max(initial=0.0)
            if max(np.abs(self.matrix @ values).max(initial=0.0), moved) <= ACCEPTED * size:
                return values, np.where(lower == upper, -1, point.side).astype(np.int8)
        return None


class SparseImplicitNearest(torch.autograd.Function):
    """As `ImplicitNearest`, with one sparse factor a sample."""

    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        side: Tensor,
        target: Tensor,
        lower: Tensor,
        upper: Tensor,
        weight: Tensor,
        matrix: scipy.sparse.csc_array,
    ) -> Tensor:
        """The solved values, unchanged; the others are what they depend on."""
        ctx.save_for_backward(values, side, target, lower, upper, weight)
        ctx.matrix = matrix
        return values.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Of the free values, what the balances leave; of the held ones, what they force on the free."""
        values, side, target, lower, upper, weight = ctx.saved_tensors
        sides, right, weights = (tensor.cpu().numpy() for tensor in (side, gradient, weight))
        left = np.empty(right.shape)
        zeros = np.zeros(ctx.matrix.shape[0])
        for row in range(len(right)):
            active = ActiveSet(ctx.matrix, weights[row], sides[row] == 0)
            _, potential, _ = active.solve(right[row][active.free], zeros, zeros)
            left[row] = right[row] + ctx.matrix.T @ potential
        through = torch.from_numpy(left).to(gradient)
        at_lower, at_upper, pinned = side < 0, side > 0, lower >= upper
        to_target = through * (side == 0)
        # Both bounds hold a pinned value: they share what it passes on.
        share = torch.where(pinned, 0.5, 1.0)
        return (
            None,
            None,
            to_target,
            through * (at_lower | pinned) * share,
            through * (at_upper | pinned) * share,
            -to_target * (values - target) / weight,
            None,
        )
