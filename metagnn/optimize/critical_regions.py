"""Critical regions: where one active set serves many bounds, by one affine map instead of a solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from metagnn.optimize.linear_program import OPTIMAL, LinearProgram, LinearSolution
from metagnn.optimize.per_thread import PerThread

MOST_REGIONS, MOST_BYTES = 512, 1 << 27
"""What is kept from one batch to the next."""

SMALL = 100_000
"""Bounds to check, programs times columns, below which looking at the witnesses first costs more than it saves."""

TRIAL = 16
"""Regions to learn before judging whether they pay."""

WORTH = 0.25
"""Programs that a region must decide for its cost; below it, on average, no more are learned. At genome scale with
sixteen uptakes, nine media in ten have a region of their own."""


@dataclass(eq=False)
class CriticalRegion:
    """Bounds that share one active set share one affine map from bounds to the optimum.

    As in multiparametric programming (Bemporad et al. 2002, doi 10.1016/S0005-1098(01)00174-1).

    Attributes:
        bounds: The bound that every column is, or would be, held at, shape `[columns]`.
        values: The optimum there, shape `[columns]`.
        side: −1 where a column is held at its lower bound, 1 at its upper one, 0 where it is free.
        held: The held columns whose bound may move.
        value_slopes: What each of these bounds moves, shape `[held, columns]`.
        tolerance: Violation up to which the region holds.
        signs: Multipliers of the held columns; None where they depend on no bound, as in a linear program.
        sign_slopes: What each bound does to them, shape `[held, columns]`.
        noise: Their round-off, shape `[columns]`.
        witnesses: Columns that have ruled programs out. Looked at first, they rule most others out as well, at a
            hundredth of the cost.
        uses: How many programs it has decided.
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
    witnesses: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    uses: int = 0

    def optima(self, lower: np.ndarray, upper: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of some programs the region decides, boolean, shape `[rows]`, and the optima of those.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            rows: Programs to look at.
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
        """How far the map leaves the bounds, shape `[rows, columns]`; below zero within them."""
        values = self.values[columns] + moved @ self.value_slopes[:, columns]
        at = (rows, columns) if isinstance(columns, slice) else np.ix_(rows, columns)
        excess: np.ndarray = np.maximum(lower[at] - values, values - upper[at])
        return excess

    def _same_elsewhere(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Programs whose bounds are those of the region in the held columns that no slope follows."""
        others = self.side != 0
        others[self.held] = False
        at = np.where(self.side[others] < 0, lower[:, others], upper[:, others])
        same: np.ndarray = (at == self.bounds[others]).all(axis=1)
        return same


def basis_region(
    program: LinearProgram,
    found: LinearSolution,
    bounds: tuple[np.ndarray, np.ndarray],
    varying: np.ndarray,
    tolerance: float,
) -> CriticalRegion:
    """Bounds for which the basis of a linear program's last optimum stays optimal.

    Args:
        program: The program, just solved.
        found: Its optimum.
        bounds: Lower and upper bounds of that, each of shape `[columns]`.
        varying: Columns whose bounds slopes follow; others may differ too, but are then not in the region.
        tolerance: Violation of a bound up to which the region holds.
    """
    lower, upper = bounds
    # Where both bounds are equal, only the reduced cost tells which of them a wider pair would hold.
    nearer_upper = found.values - lower > upper - found.values
    at_upper = np.where(lower == upper, found.reduced_costs > 0, nearer_upper)
    at = np.where(at_upper, upper, lower)
    held = program.held_columns() & np.isfinite(at)
    side = np.where(held, np.where(at_upper, 1, -1), 0).astype(np.int8)
    moving, slopes = program.slopes(varying[held[varying]])
    return CriticalRegion(at, found.values, side, moving, slopes, tolerance)


Learned = tuple[str, np.ndarray, CriticalRegion | None]
"""Status and optimum of one program, and its region where one was asked for and exists."""


@dataclass
class _Known:
    """Regions of one thread, how many it has learned, and how many programs they have decided."""

    regions: list[CriticalRegion] = field(default_factory=list)
    learned: int = 0
    served: int = 0


class CriticalRegions:
    """Decides many programs by the regions of those solved before; a solver is called for what is left.

    Every thread learns its own regions; copies and pickles start without any. Statuses and optimal values do not
    depend on the regions that are known, but for rounding; which of several optima is returned does.
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
        """Optima, shape `[programs, columns]`, NaN where the status is not "optimal"; and the statuses.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            solve_one: Solves one program, by its bounds and whether its region is wanted.
            progress: Called with how many programs are decided so far.
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
