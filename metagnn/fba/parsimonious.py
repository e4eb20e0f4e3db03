"""FBA and parsimonious FBA of many media, with linear programs that stay in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.optimize.critical_regions import CriticalRegions, Learned, basis_region
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram

ACCEPTED = 1e-10
"""Largest violation of a bound at which a basis serves another medium [mmol/gDW/h]."""


class Optimum:
    """FBA: a flux with the largest objective (Orth et al. 2010, doi 10.1038/nbt.1614).

    It is seldom unique: earlier media decide which one is returned. A basis is optimal for every medium that keeps it
    feasible, and applying it costs one product of matrices.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        objective: c, shape `[reactions]`.
        varying: Columns whose bounds differ between media. Others may differ too, but one basis then serves only media
            with the same bounds there.
    """

    def __init__(self, matrix: Any, objective: np.ndarray, varying: np.ndarray) -> None:
        self._program = LinearProgram(matrix, objective)
        self._varying = varying
        self._regions = CriticalRegions()

    def solve(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Return fluxes, shape `[media, reactions]`, NaN unless the status is "optimal", and the statuses.

        Args:
            lower: Lower bounds, shape `[media, reactions]` [mmol/gDW/h].
            upper: Upper bounds, the same shape.
            progress: Called with the number of media decided so far.
        """
        return self._regions.solve(lower, upper, self._solve_one, progress)

    def _solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        found = self._program.solve(lower, upper)
        region = None
        if learn and found.status == OPTIMAL:
            region = basis_region(self._program, found, (lower, upper), self._varying, ACCEPTED)
        return found.status, found.values, region


class ParsimoniousOptimum:
    """pFBA: the least total flux Σ|v| at the largest growth (Lewis et al. 2010, doi 10.1038/msb.2010.47).

    Two models stay in memory: FBA, and least total flux with growth fixed. Each starts from its own last optimum; one
    model that swaps objectives is ten times slower at genome scale.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        growth: Position of the growth reaction.
        backward: Reactions that can run backward in some medium, boolean, shape `[reactions]`.
        varying: Columns whose bounds differ between media, as for `Optimum`.
        weights: Weight of every column in the total, zero or one, shape `[reactions]`; ones by default.
    """

    def __init__(
        self,
        matrix: Any,
        growth: int,
        backward: np.ndarray,
        varying: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> None:
        self._growth = growth
        weights = np.ones(matrix.shape[1]) if weights is None else weights
        # What does not count in the total stays whole, whatever its sign.
        self._backward, self._whole = np.flatnonzero(backward & (weights > 0)), np.flatnonzero(weights == 0)
        objective = np.zeros(matrix.shape[1])
        objective[growth] = 1.0
        self._largest_growth = Optimum(matrix, objective, varying)
        # v = forward − backward, both ≥ 0, so that |v| is their sum; split only reactions that can run backward.
        split = scipy.sparse.hstack([matrix, -matrix[:, self._backward]], format="csc")
        mirrored = matrix.shape[1] + np.flatnonzero(np.isin(self._backward, varying))
        differing = np.union1d(np.concatenate([varying, mirrored]), [growth])
        self._least_flux = Optimum(split, -np.append(weights, weights[self._backward]), differing)

    def solve(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Return fluxes, shape `[media, reactions]`, NaN unless the status is "optimal", and the statuses.

        Args:
            lower: Lower bounds, shape `[media, reactions]` [mmol/gDW/h].
            upper: Upper bounds, the same shape.
            progress: Called with the number of media decided so far.
        """
        fluxes, status = self._largest_growth.solve(lower, upper, lambda done: None)
        rows = np.array([row for row, text in enumerate(status) if text == OPTIMAL], dtype=np.int64)
        growth, without = fluxes[:, self._growth].copy(), len(lower) - len(rows)
        # Growth fixed exactly is almost always feasible within the solver's tolerance; otherwise relax it slightly.
        for slack in (0.0, 1e-9, 1e-8):
            low, high = lower[rows], upper[rows]
            pinned = growth[rows]
            low[:, self._growth] = np.maximum(low[:, self._growth], pinned - slack * np.maximum(1.0, np.abs(pinned)))
            high[:, self._growth] = np.maximum(low[:, self._growth], np.minimum(high[:, self._growth], pinned))
            report = (lambda done: progress(without + done)) if slack == 0.0 else (lambda done: None)
            least, said = self._least_flux.solve(*self._split_bounds(low, high), report)
            fluxes[rows] = least[:, : lower.shape[1]]
            fluxes[np.ix_(rows, self._backward)] -= least[:, lower.shape[1] :]
            for row, text in zip(rows, said, strict=True):
                reason = "no flux keeps the largest growth" if text == INFEASIBLE else text.removeprefix("failed: ")
                status[row] = text if text == OPTIMAL else f"failed: {reason}"
            rows = rows[[text != OPTIMAL for text in said]]
        if without == len(lower):
            progress(without)
        return fluxes, status

    def _split_bounds(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = self._backward
        low = np.concatenate([np.maximum(lower, 0.0), np.maximum(-upper[:, at], 0.0)], axis=1)
        high = np.concatenate([np.maximum(upper, 0.0), np.maximum(-lower[:, at], 0.0)], axis=1)
        low[:, self._whole], high[:, self._whole] = lower[:, self._whole], upper[:, self._whole]
        return low, high
