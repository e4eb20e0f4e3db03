"""Critical regions: ranges of bounds with one active set, where an affine map replaces the solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from metagnn.optimize.linear_program import OPTIMAL, LinearProgram, LinearSolution
from metagnn.optimize.per_thread import PerThread

MOST_REGIONS, MOST_BYTES = 512, 1 << 27
"""Most regions, and most bytes of regions, to keep between batches."""

SMALL = 100_000
"""Check witnesses first only above this number of bounds (programs times columns); below, it costs more than it
saves."""

TRIAL = 16
"""Regions to learn before judging whether regions save time."""

WORTH = 0.25
"""Programs that a region must decide to save time. If the average is lower, learning stops. At genome scale with
sixteen uptakes, nine media in ten have a region of their own."""


@dataclass(eq=False)
class CriticalRegion:
    """A set of bounds with one active set, and the affine map from these bounds to the optimum.

    Multiparametric programming (Bemporad et al. 2002, doi 10.1016/S0005-1098(01)00174-1).

    Attributes:
        bounds: The bound at which every column is, or would be, held, shape `[columns]`.
        values: The optimum at these bounds, shape `[columns]`.
        side: −1 where a column is held at its lower bound, 1 at its upper one, 0 where it is free.
        held: The held columns whose bound can change.
        value_slopes: Change of the optimum per unit of each of these bounds, shape `[held, columns]`.
        tolerance: Largest violation of a bound or sign inside the region.
        signs: Multipliers of the held columns; None if they do not depend on the bounds, as in a linear program.
        sign_slopes: Change of the multipliers per unit of each bound, shape `[held, columns]`.
        noise: Round-off of the multipliers, shape `[columns]`.
        shut: Columns whose two bounds must be equal inside the region; one that opened could make another optimum.
        witnesses: Columns that ruled out earlier programs. Checked first, they rule out most others at a hundredth of
            the cost.
        uses: Number of programs decided.
    """

    bounds: np.ndarray
    values: np.ndarray
    side: np.ndarray
    held: np.ndarray
    value_slopes: np.ndarray
    tolerance: float
    signs: np.ndarray | None = None
    sign_slopes: np.ndarray | None = None
    noise: np.ndarray | None = None
    shut: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    witnesses: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    uses: int = 0

    def optima(self, lower: np.ndarray, upper: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which programs the region decides, boolean, shape `[rows]`, and their optima.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            rows: Programs to check.
        """
        held = np.ix_(rows, self.held)
        moved = np.where(self.side[self.held] > 0, upper[held], lower[held]) - self.bounds[self.held]
        left = np.arange(len(rows))
        if len(rows) * len(self.values) > SMALL:
            excess = self._excess(lower, upper, rows, moved, self.witnesses)
            left = np.flatnonzero((excess <= self.tolerance).all(axis=1))
        excess = self._excess(lower, upper, rows[left], moved[left], slice(None))
        wrong = (excess > self.tolerance).any(axis=1)
        if len(left) * len(self.values) > SMALL and wrong.any():
            self.witnesses = np.union1d(self.witnesses, excess[wrong].argmax(axis=1))
        left = left[~wrong]
        if self.signs is not None and self.noise is not None:
            signs = self.signs + moved[left] @ self.sign_slopes
            left = left[(self.side * signs <= np.maximum(self.noise, self.tolerance)).all(axis=1)]
        left = left[self._same_elsewhere(lower[rows[left]], upper[rows[left]])]
        holds = np.zeros(len(rows), dtype=bool)
        holds[left] = True
        return holds, self.values + moved[left] @ self.value_slopes

    def _excess(
        self, lower: np.ndarray, upper: np.ndarray, rows: np.ndarray, moved: np.ndarray, columns: np.ndarray | slice
    ) -> np.ndarray:
        """Return how far the map leaves the bounds, shape `[rows, columns]`; below zero inside."""
        values = self.values[columns] + moved @ self.value_slopes[:, columns]
        at = (rows, columns) if isinstance(columns, slice) else np.ix_(rows, columns)
        excess: np.ndarray = np.maximum(lower[at] - values, values - upper[at])
        return excess

    def _same_elsewhere(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return the programs that have the region's bounds in the held columns without a slope."""
        others = self.side != 0
        others[self.held] = False
        at = np.where(self.side[others] < 0, lower[:, others], upper[:, others])
        same: np.ndarray = (at == self.bounds[others]).all(axis=1)
        same &= (lower[:, self.shut] == upper[:, self.shut]).all(axis=1)
        return same


def basis_region(
    program: LinearProgram,
    found: LinearSolution,
    bounds: tuple[np.ndarray, np.ndarray],
    varying: np.ndarray,
    tolerance: float,
    shut: np.ndarray | None = None,
) -> CriticalRegion:
    """Return the region of bounds in which the basis of a linear program's last optimum stays optimal.

    Args:
        program: The program, just solved.
        found: Its optimum.
        bounds: Lower and upper bounds of that optimum, each of shape `[columns]`.
        varying: Columns whose bounds may vary in the region; programs with other bounds elsewhere lie outside it.
        tolerance: Largest violation of a bound inside the region.
        shut: Columns whose two bounds must be equal inside the region; none by default.
    """
    lower, upper = bounds
    # If both bounds are equal, the reduced cost tells which one would hold the column if they were wider.
    nearer_upper = found.values - lower > upper - found.values
    at_upper = np.where(lower == upper, found.reduced_costs > 0, nearer_upper)
    at = np.where(at_upper, upper, lower)
    held = program.held_columns() & np.isfinite(at)
    side = np.where(held, np.where(at_upper, 1, -1), 0).astype(np.int8)
    moving, slopes = program.slopes(varying[held[varying]])
    region = CriticalRegion(at, found.values, side, moving, slopes, tolerance)
    return region if shut is None else replace(region, shut=shut)


Learned = tuple[str, np.ndarray, CriticalRegion | None]
"""Status and optimum of one program, and its region if requested and found."""


@dataclass
class _Known:
    """Regions of one thread, with counts of regions learned and programs decided."""

    regions: list[CriticalRegion] = field(default_factory=list)
    learned: int = 0
    served: int = 0


class CriticalRegions:
    """A solver of many programs that decides what it can by the regions of earlier ones.

    Every thread learns its own regions; copies and pickles start without any. Known regions change statuses and optimal
    values by rounding only, but can change which of several optima is returned.
    """

    def __init__(self) -> None:
        self._known = PerThread(_Known)

    def solve(
        self,
        lower: np.ndarray,
        upper: np.ndarray,
        solve_one: Callable[[np.ndarray, np.ndarray, bool], Learned],
        progress: Callable[[int], object],
    ) -> tuple[np.ndarray, list[str]]:
        """Return the optima, shape `[programs, columns]`, NaN where the status is not "optimal", and the statuses.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            solve_one: Solves one program, given its bounds and whether to return its region.
            progress: Called with the number of programs decided so far.
        """
        known = self._known.get()
        values, status = np.full(lower.shape, np.nan), [""] * len(lower)
        undecided = np.arange(len(lower))

        def serve(region: CriticalRegion) -> np.ndarray:
            holds, optima = region.optima(lower, upper, undecided)
            values[undecided[holds]] = optima
            for row in undecided[holds]:
                status[row] = OPTIMAL
            region.uses += len(optima)
            known.served += len(optima)
            left: np.ndarray = undecided[~holds]
            return left

        for region in known.regions:
            undecided = serve(region) if len(undecided) else undecided
        if len(undecided) < len(lower):
            progress(len(lower) - len(undecided))
        while len(undecided):
            row, undecided = undecided[0], undecided[1:]
            worth = known.learned < TRIAL or known.served >= WORTH * known.learned
            status[row], values[row], learned = solve_one(lower[row], upper[row], worth)
            if learned is not None:
                known.regions.append(learned)
                known.learned += 1
                undecided = serve(learned)
            progress(len(lower) - len(undecided))
        known.regions = sorted(known.regions, key=lambda region: -region.uses)
        if known.regions:
            del known.regions[min(MOST_REGIONS, MOST_BYTES // (1 + known.regions[0].value_slopes.nbytes)) :]
        return values, status
