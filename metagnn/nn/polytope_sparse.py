"""Nearest balanced point within bounds for large sparse networks, by an interior-point solver."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from metagnn.optimize.active_set import ActiveSet
from metagnn.optimize.interior_point import InteriorPoint, InteriorSolution

ACCEPTED = 1e-9
"""Largest bound violation of an accepted solution, relative to 1 + its largest flux."""

BALANCED = 5e-10, 1e-12
"""Largest imbalance of an accepted solution: absolute, and relative to its largest flux."""

FAR = 1e6
"""Size of the targets within bounds above which a sample is scaled, and tried first with variables of equal weight."""

UNEVEN = 1e15
"""Ratio of the largest to the least weight above which variables of equal weight are tried first."""


class SparseNearest:
    """Solver that minimises ½ Σ w (x − t)² subject to A x = 0 and l ≤ x ≤ u, one sample after the other.

    It is faster than `nearest_balanced`, with a dense factor per sample, above about 200 balances. Each thread prepares
    its own solvers; a copy prepares them anew.

    Args:
        matrix: A, shape `[balances, columns]`, scipy sparse.
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = scipy.sparse.csc_array(matrix)
        self._quick = InteriorPoint(self.matrix, exact=True, scalings=2)
        self._careful = InteriorPoint(self.matrix, exact=True)

    def solve(self, target: Tensor, lower: Tensor, upper: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the values, the bound that holds each (−1 lower, 1 upper, 0 none), and which samples are solved.

        The bounds of unsolved samples are a guess.

        Args:
            target: t, shape `[samples, columns]`.
            lower: l, the same shape; −inf for none.
            upper: u, the same shape; inf for none.
            weight: w > 0, the same shape.
        """
        # Restart, so that no digit depends on earlier batches; costs one symbolic analysis of the matrix.
        self._quick.restart()
        self._careful.restart()
        arrays = [tensor.cpu().numpy() for tensor in (target, lower, upper, weight)]
        values = np.full(target.shape, np.nan)
        side = np.zeros(target.shape, dtype=np.int8)
        solved = np.zeros(len(target), dtype=bool)
        for row, sample in enumerate(zip(*arrays, strict=True)):
            found, side[row] = self._one(*sample)
            if found is not None:
                values[row], solved[row] = found, True
        device = target.device
        return tuple(torch.from_numpy(array).to(device) for array in (values, side, solved))  # type: ignore[return-value]

    def _one(
        self, target: np.ndarray, lower: np.ndarray, upper: np.ndarray, weight: np.ndarray
    ) -> tuple[np.ndarray | None, np.ndarray]:
        limits = np.abs(np.concatenate([lower, upper]))
        # Drop bounds as wide as the widest, which limit nothing: the solver then takes a third fewer steps.
        widest = limits[np.isfinite(limits)].max(initial=0.0)
        loose = np.where(lower <= -widest, -np.inf, lower), np.where(upper >= widest, np.inf, upper)
        tight = lower, upper
        even = functools.partial(self._solve_evenly, target, tight, weight)
        attempts: list[Callable[[], InteriorSolution | None]] = [
            *([functools.partial(self._quick.solve, weight, weight * target, loose)] if widest > 0 else []),
            functools.partial(self._careful.solve, weight, weight * target, tight),
            functools.partial(self._quick.solve, weight, weight * target, tight),
        ]
        uneven = weight.max(initial=1.0) > UNEVEN * weight.min(initial=1.0)
        far = np.abs(np.clip(target, lower, upper)).max(initial=0.0) > FAR
        attempts.insert(0 if uneven or far else len(attempts), even)
        guess = np.zeros(len(target), dtype=np.int8)
        for attempt in attempts:
            point = attempt()
            if point is not None:
                guess = np.where(lower == upper, -1, point.side).astype(np.int8)
                for polish in (False, True):
                    values = self._polished(guess, target, tight, weight) if polish else point.values
                    found = self._accepted(values, lower, upper)
                    if found is not None:
                        return found, guess
        return None, guess

    def _solve_evenly(
        self, target: np.ndarray, bounds: tuple[np.ndarray, np.ndarray], weight: np.ndarray
    ) -> InteriorSolution | None:
        """Solve in x √w, with rows of equal size: enzymes and measurements spread weights over twenty decades.

        Costs one symbolic analysis of the matrix, a tenth of the time, as every sample has a matrix of its own.
        """
        root = np.sqrt(weight)
        size = np.abs(np.clip(target, *bounds)).max(initial=0.0)
        # A power of two, so that nothing is rounded; a target beyond finite bounds needs no scaling.
        scale = 2.0 ** -np.ceil(np.log2(size / FAR)) if size > FAR else 1.0
        matrix = self.matrix @ scipy.sparse.diags_array(1.0 / root)
        size = abs(matrix).max(axis=1).toarray().ravel()
        matrix = scipy.sparse.csc_array(scipy.sparse.diags_array(1.0 / np.where(size > 0, size, 1.0)) @ matrix)
        solver = InteriorPoint(matrix, exact=True, scalings=2)
        unit = scale * root
        point = solver.solve(np.ones(len(root)), unit * target, (unit * bounds[0], unit * bounds[1]))
        return None if point is None else replace(point, values=point.values / unit)

    def _polished(
        self, side: np.ndarray, target: np.ndarray, bounds: tuple[np.ndarray, np.ndarray], weight: np.ndarray
    ) -> np.ndarray:
        """Hold the active bounds exactly and solve for the rest, which meets the balances to rounding."""
        values = np.where(side < 0, bounds[0], np.where(side > 0, bounds[1], 0.0))
        try:
            active = ActiveSet(self.matrix, weight, side == 0)
        except RuntimeError:
            # Weights of many decades rounded a pivot to zero.
            return np.full(len(values), np.nan)
        start = np.zeros(self.matrix.shape[0])
        values[active.free] = active.solve((weight * target)[active.free], -(self.matrix @ values), start)[0]
        return values

    def _accepted(self, values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray | None:
        """Return the values within bounds, if they meet the laws."""
        inside = np.clip(values, lower, upper)
        size = np.abs(inside).max(initial=0.0)
        if not np.abs(inside - values).max(initial=0.0) <= ACCEPTED * (1.0 + size):
            return None
        imbalance = np.abs(self.matrix @ inside).max(initial=0.0)
        return inside if imbalance <= BALANCED[0] + BALANCED[1] * size else None

    def correct(self, values: Tensor, variance: Tensor) -> Tensor:
        """Compute C of `BalanceCorrection` with one sparse factor per sample; zero variance holds a column.

        Args:
            values: x, shape `[..., *samples, columns]`.
            variance: m, shape `[*samples, columns]`.
        """
        width = self.matrix.shape[1]
        variances = variance.cpu().numpy().reshape(-1, width)
        sides = values.cpu().numpy().reshape(-1, len(variances), width)
        moved = np.empty(sides.shape)
        for row, one in enumerate(variances):
            potential = self._potential(one, self.matrix @ sides[:, row].T)
            moved[:, row] = (self.matrix.T @ potential).T
        return torch.from_numpy(moved.reshape(values.shape)).to(values)

    def _potential(self, variance: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Solve A M Aᵀ p = r, shape `[balances, sides]`."""
        free = variance > 0
        try:
            active = ActiveSet(self.matrix, 1.0 / np.where(free, variance, 1.0), free)
        except RuntimeError:
            # Weights of many decades rounded a pivot to zero. Least squares take any, in a second.
            curvature = (self.matrix @ scipy.sparse.diags_array(variance) @ self.matrix.T).toarray()
            size = np.diag(curvature)
            rows = 1.0 / np.sqrt(np.where(size > 0, size, 1.0))[:, None]
            found: np.ndarray = rows * np.linalg.lstsq(rows * curvature * rows.T, rows * right, rcond=None)[0]
            return found
        nothing = np.zeros((int(free.sum()), right.shape[1])), np.zeros(right.shape)
        return active.solve(nothing[0], right, nothing[1])[1]
