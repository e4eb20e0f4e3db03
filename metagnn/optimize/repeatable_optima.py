"""Optima of many programs, each the same to the last digit in whatever company it is solved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from metagnn.optimize.critical_regions import CriticalRegions, Learned
from metagnn.optimize.held_columns import HeldColumns
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, UNBOUNDED, LinearProgram

SMALL, MAGNIFIED, MOST_MAGNIFIED = 1e-4, 2.0**10, 2.0**20
"""Factors of a program that is solved alone, and the bound below which the larger one is used. Fluxes near the solvers'
tolerance of 1e-9 matter there, and some move growth by a million times as much. A power of two changes no digit."""


LARGE = 300
"""Columns above which programs are solved from an anchor."""


NOT_PROVEN = "failed: no method proves its optimum"


class AbstractRepeatableOptima(ABC):
    """A solver of many programs with unique optima: quick by what earlier programs taught, the same to the last digit.

    Warm solvers and critical regions find each optimum up to rounding. `HeldColumns` then computes it again from the
    columns that it holds at a bound. Where these are not certain (a column about 1e-9 from its bound), or no optimum
    was found, the program is solved from the beginning, magnified, by solvers that remember nothing.

    Args:
        matrix: A, shape `[rows, columns]`, scipy CSC.
        weights: Weights of the squares in the norm that decides what the held columns leave open, shape `[columns]`.
        varying: Columns whose bounds differ between programs by any amount.
    """

    learns_when_large = False
    """Whether regions of large programs serve enough others to be worth their time."""

    def __init__(self, matrix: Any, weights: np.ndarray, varying: np.ndarray) -> None:
        self._regions = CriticalRegions()
        self.is_anchored = False
        self._held = HeldColumns(matrix, weights, varying)

    @abstractmethod
    def solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        """Return the status and the optimum of one program, and if asked its region."""

    @abstractmethod
    def restart(self) -> None:
        """Forget everything that could affect `solve_one`."""

    def proven(self, lower: np.ndarray, upper: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return which values are optimal beyond doubt, shape `[programs]`: all of them unless a subclass knows better.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            values: Optima, the same shape.
        """
        return np.ones(len(values), dtype=bool)

    def solve_again(self, lower: np.ndarray, upper: np.ndarray, exact: bool) -> np.ndarray | None:
        """Return the optimum of one program by another method, None if there is none; of a subclass that can prove it.

        Args:
            lower: Lower bounds, shape `[columns]`.
            upper: Upper bounds, shape `[columns]`.
            exact: Whether to use the most exact method, however slow.
        """
        return None

    def anchor(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Solve large programs from the optimum of a fixed one from now on.

        Args:
            lower: Lower bounds of the fixed program, shape `[columns]`; they must not depend on the programs to solve.
            upper: Upper bounds, the same shape.
        """
        self.is_anchored = len(lower) > LARGE
        for program in vars(self).values():
            if self.is_anchored and isinstance(program, LinearProgram):
                program.anchor(lower, upper)

    def solve(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Return the optima, shape `[programs, columns]`, NaN unless the status is "optimal", and the statuses.

        Args:
            lower: Lower bounds, shape `[programs, columns]` [mmol/gDW/h].
            upper: Upper bounds, the same shape.
            progress: Called with the number of programs decided so far.
        """
        if self.is_anchored and not self.learns_when_large:
            return self._anchored(lower, upper, progress)
        values, status = self._regions.solve(lower, upper, self.solve_one, progress)
        solved = np.array([row for row, text in enumerate(status) if text == OPTIMAL], dtype=np.int64)
        again, certain = self._held.values(lower[solved], upper[solved], values[solved])
        certain &= self.proven(lower[solved], upper[solved], again)
        values[solved[certain]] = again[certain]
        # The linear program has confirmed these from the beginning; that no flux is feasible is decided magnified.
        final = {row for row, text in enumerate(status) if text == UNBOUNDED} | set(solved[certain])
        for row in range(len(lower)):
            if row not in final:
                status[row], values[row] = self._alone(lower[row], upper[row])
        return values, status

    def _anchored(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Solve every program from the anchor: no solve can affect another, so that nothing is computed again."""
        values, status = np.full(lower.shape, np.nan), [""] * len(lower)
        factors = np.array([_magnification(low, high, 1.0) for low, high in zip(lower, upper, strict=True)])
        for row, factor in enumerate(factors):
            status[row], found, _ = self.solve_one(lower[row] * factor, upper[row] * factor, False)
            status[row], values[row] = self._prove(status[row], found / factor + 0.0, lower[row], upper[row])
            progress(row + 1)
        return values, status

    def _alone(self, lower: np.ndarray, upper: np.ndarray) -> tuple[str, np.ndarray]:
        """Return the status and the optimum of one program, solved by solvers that remember nothing."""
        self.restart()
        factor = _magnification(lower, upper, MAGNIFIED)
        status, values = self._magnified(lower, upper, factor)
        if status == INFEASIBLE and factor == MOST_MAGNIFIED:
            # Bounds that lie fifteen decades apart by then can mislead the solver; a smaller factor is as clear here.
            self.restart()
            status, values = self._magnified(lower, upper, MAGNIFIED)
        return self._prove(status, values, lower, upper)

    def _prove(self, status: str, values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[str, np.ndarray]:
        """Return the status and the optimum, by slower methods as long as it is not proven."""
        if status in (INFEASIBLE, UNBOUNDED) or (status == OPTIMAL and self._is_proven(lower, upper, values)):
            return status, values
        for other, exact in (MAGNIFIED, False), (MOST_MAGNIFIED, False), (1.0, False), (MOST_MAGNIFIED, True):
            again = self.solve_again(lower * other, upper * other, exact)
            if again is not None:
                status, values = OPTIMAL, again / other + 0.0
                if self._is_proven(lower, upper, values):
                    return status, values
        return (NOT_PROVEN, np.full_like(values, np.nan)) if status == OPTIMAL else (status, values)

    def _is_proven(self, lower: np.ndarray, upper: np.ndarray, values: np.ndarray) -> bool:
        return bool(self.proven(lower[None], upper[None], values[None])[0])

    def _magnified(self, lower: np.ndarray, upper: np.ndarray, factor: float) -> tuple[str, np.ndarray]:
        low, high = lower * factor, upper * factor
        status, values, _ = self.solve_one(low, high, False)
        if status == OPTIMAL:
            again, certain = self._held.values(low[None], high[None], values[None])
            held = again[0] / factor
            # A trace this close to its bound may be what growth lives on.
            values = held if certain[0] and self._is_proven(lower, upper, held) else values / factor + 0.0
        else:
            values = values / factor
        return status, values


def _magnification(lower: np.ndarray, upper: np.ndarray, usual: float) -> float:
    """Return a factor for all bounds: rows are zero, so the optimum scales with them; tolerances of solvers do not."""
    limits = np.abs(np.concatenate([lower, upper]))
    return usual if limits[limits > 0].min(initial=1.0) > SMALL else MOST_MAGNIFIED
