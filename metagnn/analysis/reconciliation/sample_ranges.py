"""Flux variability of many samples that share their balances: samples share optimal bases."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from metagnn.fba.flux_variability import AT_BOUND
from metagnn.network.reduction import reduce_network
from metagnn.optimize.critical_regions import CriticalRegions, Learned, basis_region
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram
from metagnn.progress import Report, unreported

ACCEPTED = 1e-10
"""Violation of a bound up to which a basis holds for another sample [mmol/gDW/h]."""


class SampleRanges:
    """Find the smallest and largest values of columns within the bounds of every sample.

    Flux variability (Mahadevan & Schilling 2003, doi 10.1016/j.ymben.2003.09.002) of groups of reactions that move
    together. The outer loop is over columns, the inner one over samples: bounds differ between samples in a few
    measured rates only, so samples share optimal bases, and applying a known basis to thousands of samples costs one
    product of matrices.

    Args:
        matrix: Balances, shape `[rows, columns]`, scipy sparse.
        lower: Lower bounds of all samples, finite, shape `[samples, columns]` [mmol/gDW/h].
        upper: Upper bounds, the same shape.
    """

    def __init__(self, matrix: Any, lower: np.ndarray, upper: np.ndarray) -> None:
        self._reduction = reduce_network(scipy.sparse.csc_array(matrix), lower.min(axis=0), upper.max(axis=0))
        low, high = self._bounds = self._reduction.group_bounds(lower, upper, AT_BOUND)
        self._program = LinearProgram(self._reduction.matrix, np.zeros(self._reduction.groups), primal=True)
        self._varying = np.flatnonzero((low != low[:1]).any(axis=0) | (high != high[:1]).any(axis=0))

    def find_ranges(self, columns: np.ndarray, wanted: np.ndarray, progress: Report = unreported) -> np.ndarray:
        """Find ranges, shape `[samples, ranges, 2]` [mmol/gDW/h]; NaN where not wanted, or where no flux was found.

        Args:
            columns: Positions of the columns, shape `[ranges]`.
            wanted: Whether a sample's range is asked for, boolean, shape `[samples, ranges]`.
            progress: Called with how many ends of ranges are done, and of how many.
        """
        ranges = np.full((*wanted.shape, 2), np.nan)
        group, ratio = self._reduction.group[columns], self._reduction.ratio[columns]
        ranges[:, group < 0] = 0.0
        lost = np.zeros(len(wanted), dtype=bool)
        ends = np.sort(np.stack([self._reduction.expand(bound)[:, columns] for bound in self._bounds]), axis=0)
        moving = np.flatnonzero(group >= 0)
        for side, sign in ((0, -1.0), (1, 1.0)):
            for done, position in enumerate(moving, side * len(moving)):
                progress(done, 2 * len(moving))
                rows = np.flatnonzero(wanted[:, position] & np.isnan(ranges[:, position, side]) & ~lost)
                if len(rows):
                    objective = np.zeros(self._reduction.groups)
                    objective[group[position]] = sign * np.sign(ratio[position])
                    values, known = self._optima(objective, rows)
                    lost[rows[~known]] = True
                    rows, found = rows[known], self._reduction.expand(values[known])[:, columns]
                    ranges[rows, position, side] = found[:, position]
                    _mark_reached(ranges, rows, found, ends)
        return np.where(wanted[:, :, None] & ~lost[:, None, None], ranges, np.nan)

    def _optima(self, objective: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Optima of some samples, shape `[rows, groups]`, and which of them have one."""
        # Learning a region costs a solve for every bound that differs; it pays only for many samples.
        worth = len(rows) > len(self._varying)

        def solve_one(lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
            found = self._program.solve(lower, upper, objective)
            if not (learn and worth and found.status == OPTIMAL):
                return found.status, found.values, None
            region = basis_region(self._program, found, (lower, upper), self._varying, ACCEPTED)
            return found.status, found.values, region

        lower, upper = self._bounds
        values, status = CriticalRegions().solve(lower[rows], upper[rows], solve_one, lambda done: None)
        return values, np.array(status) == OPTIMAL


def _mark_reached(ranges: np.ndarray, rows: np.ndarray, values: np.ndarray, ends: np.ndarray) -> None:
    """Record the ends of columns that an optimum has put at their own bounds: they can go no farther."""
    for side, sign in ((0, 1.0), (1, -1.0)):
        end, part = ends[side, rows], ranges[rows, :, side]
        reached = sign * (values - end) <= AT_BOUND
        ranges[rows, :, side] = np.where(reached & np.isnan(part), end, part)
