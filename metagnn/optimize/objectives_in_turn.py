"""Two objectives, the second among the optima of the first, by one linear program and a proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metagnn.optimize.critical_regions import CriticalRegion, basis_region
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram, LinearSolution

MILD = 1e-3
"""Factor of both objectives: the dual simplex refuses costs that are larger."""

WRONG = 1e-9
"""A reduced cost of the first objective is not zero above this."""

UNCLEAR = 1e-7
"""A smaller reduced cost may hide a second optimum from the solver, whose tolerance is 1e-9."""


@dataclass(frozen=True, eq=False)
class OptimumInTurn:
    """An optimum of the second objective among those of the first, and the face of all such optima.

    Attributes:
        found: The optimum, with the reduced costs of both objectives together.
        first_costs: Reduced costs of the first objective, shape `[columns]`.
        fixed: Columns that every optimum has at its lower, and at its upper bound, boolean, each of shape `[columns]`.
        entering: Held columns that may leave their bound at no cost.
        shut: Columns that could do so, or whose side is in doubt, if their bounds were not equal.
    """

    found: LinearSolution
    first_costs: np.ndarray
    fixed: tuple[np.ndarray, np.ndarray]
    entering: np.ndarray
    shut: np.ndarray


class ObjectivesInTurn:
    """Linear program of a first objective and, among its optima, of a second one; both maximised.

    Their sum with a large weight on the first is solved once. The reduced costs of the first objective alone, in the
    basis found, prove that the second has cost it nothing.

    Args:
        matrix: A, shape `[rows, columns]`, scipy sparse.
        first: First objective, shape `[columns]`.
        second: Second objective, the same shape.
        strong: Weight of the first objective in the sum.
        varying: Columns whose bounds differ between programs by any amount.
        doubtful: Sums of reduced costs between `UNCLEAR` and this could be zero or not.
    """

    def __init__(
        self,
        matrix: Any,
        first: np.ndarray,
        second: np.ndarray,
        strong: float,
        varying: np.ndarray,
        doubtful: float = UNCLEAR,
    ) -> None:
        self._first, self._varying, self._doubtful = first, varying, doubtful
        self.program = LinearProgram(matrix, MILD * (strong * first + second))

    def solve(self, lower: np.ndarray, upper: np.ndarray) -> tuple[str, OptimumInTurn | None]:
        """Return the status, and the optimum; None if there is none or it is not proven.

        Args:
            lower: Lower bounds, shape `[columns]`.
            upper: Upper bounds, shape `[columns]`.
        """
        found = self.program.solve(lower, upper)
        if found.status != OPTIMAL:
            return found.status, None
        first, total = self.program.other_reduced_costs(self._first), found.reduced_costs / MILD
        counts, size = np.abs(first) > WRONG, np.abs(total)
        room = np.where(first > 0, upper - found.values, found.values - lower)
        if np.any(counts & (room > WRONG)) or np.any((size > UNCLEAR) & (size < self._doubtful)):
            return OPTIMAL, None
        held = self.program.held_columns()
        down = held & ((total < -UNCLEAR) | (counts & (first < 0)))
        up = held & ((total > UNCLEAR) | (counts & (first > 0)))
        loose = held & ~(down | up)
        is_open = lower < upper
        shut = np.flatnonzero((loose & ~is_open) | (down & up))
        return OPTIMAL, OptimumInTurn(found, first, (down, up), np.flatnonzero(loose & is_open), shut)

    def region(self, optimum: OptimumInTurn, lower: np.ndarray, upper: np.ndarray, tolerance: float) -> CriticalRegion:
        """Return the region in which the basis of this thread's last optimum stays optimal.

        Args:
            optimum: That optimum.
            lower: Its lower bounds, shape `[columns]`.
            upper: Its upper bounds, shape `[columns]`.
            tolerance: Largest violation of a bound inside the region.
        """
        return basis_region(self.program, optimum.found, (lower, upper), self._varying, tolerance, optimum.shut)
