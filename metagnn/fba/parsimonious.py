"""FBA and parsimonious FBA of many media by linear programs that stay in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram, LinearSolution


class Optimum:
    """FBA: a flux with the largest objective (Orth et al. 2010, doi 10.1038/nbt.1614).

    It is seldom unique: which one is returned depends on the media that were solved before.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        objective: c, shape `[reactions]`.
    """

    def __init__(self, matrix: Any, objective: np.ndarray) -> None:
        self._program = LinearProgram(matrix, objective)

    def solve(self, lower: np.ndarray, upper: np.ndarray) -> LinearSolution:
        """The optimum of one medium, by the bounds of every reaction, shape `[reactions]` [mmol/gDW/h]."""
        return self._program.solve(lower, upper)


class ParsimoniousOptimum:
    """pFBA: the least total flux Σ|v| at the largest growth (Lewis et al. 2010, doi 10.1038/msb.2010.47).

    Two models stay in memory, FBA and least total flux with growth pinned, and each starts from its own last
    optimum; one model that swaps its objective is ten times slower at genome scale.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        growth: Position of the growth reaction.
        backward: Reactions that some medium lets run backward, boolean, shape `[reactions]`.
    """

    def __init__(self, matrix: Any, growth: int, backward: np.ndarray) -> None:
        self._growth = growth
        self._backward = np.flatnonzero(backward)
        objective = np.zeros(matrix.shape[1])
        objective[growth] = 1.0
        self._largest_growth = LinearProgram(matrix, objective)
        # v = forward − backward, both ≥ 0, so that |v| is their sum; only where v can be negative at all.
        split = scipy.sparse.hstack([matrix, -matrix[:, self._backward]], format="csc")
        self._least_flux = LinearProgram(split, np.ones(split.shape[1]), sense="min")

    def solve(self, lower: np.ndarray, upper: np.ndarray) -> LinearSolution:
        """The optimum of one medium, by the bounds of every reaction, shape `[reactions]` [mmol/gDW/h].

        Returns:
            Fluxes as `values` and growth as `objective`; the reduced costs are those of FBA.
        """
        best = self._largest_growth.solve(lower, upper)
        if best.status != OPTIMAL:
            return best
        growth = best.values[self._growth]
        # An exact pin fits to within the solver's tolerance almost always; else growth gives way by a hair.
        for slack in (0.0, 1e-9, 1e-8):
            low, high = lower.copy(), upper.copy()
            low[self._growth] = max(low[self._growth], growth - slack * max(1.0, abs(growth)))
            high[self._growth] = max(low[self._growth], min(high[self._growth], growth))
            least = self._least_flux.solve(*self._split_bounds(low, high))
            if least.status == OPTIMAL:
                fluxes = least.values[: len(lower)].copy()
                fluxes[self._backward] -= least.values[len(lower) :]
                return LinearSolution(OPTIMAL, float(fluxes[self._growth]), fluxes, best.reduced_costs)
        nothing = np.full(len(lower), np.nan)
        reason = "no flux keeps the largest growth" if least.status == INFEASIBLE else least.status
        return LinearSolution(f"failed: {reason.removeprefix('failed: ')}", float("nan"), nothing, nothing)

    def _split_bounds(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = self._backward
        low = np.concatenate([np.maximum(lower, 0.0), np.maximum(-upper[at], 0.0)])
        high = np.concatenate([np.maximum(upper, 0.0), np.maximum(-lower[at], 0.0)])
        return low, high
