"""Nearest balanced point within bounds by a dual active-set method, for weights and targets of any size."""

from __future__ import annotations

from typing import Any

import numpy as np

from metagnn.network.augmented_factor import equilibration
from metagnn.optimize.active_set_solution import SPOILED, TIRED, ActiveSetSolution, first_guess
from metagnn.optimize.extended_active_set import ExtendedActiveSet
from metagnn.optimize.large_active_set import CLOSED, LargeActiveSet
from metagnn.optimize.simplex import INFEASIBLE, OPTIMAL
from metagnn.optimize.tableau import Tableau

LONG_ENTRIES = 20_000
"""Entries of A up to which extended precision costs little time."""

MOST_PASSES = 2**34
"""Entries of the balances times steps after which a large problem is given up: a minute at genome scale. Counted, not
timed, so that the answer does not depend on the machine."""

FAR, STAGE = 1.0, 1e2
"""Distance of targets from their bounds, relative to the largest value within bounds, above which a large problem is
solved in stages, each with targets this many times further away."""

ROUNDING = 1e-11
"""Entries of a balance that count as rounding, relative to its largest: coupled reactions leave some."""


class DualActiveSet:
    """Solver that minimises ½ Σ w (x − t)² subject to A x = 0 and l ≤ x ≤ u, one problem after the other.

    A dual method (Goldfarb and Idnani 1983, doi 10.1007/BF02591962): it starts at the nearest point without bounds, or
    with those of a guess that push the right way, and takes up one violated bound at a time. It ends at the optimum or
    with a proof that there is no point. Its coordinates are those of a `Tableau` whose basis holds the lightest free
    columns, so weights may spread over 24 decades. Up to `LONG_ENTRIES` entries of A it works in extended precision
    (`ExtendedActiveSet`), above in double precision and with cheaper steps (`LargeActiveSet`).

    Args:
        matrix: A, shape `[balances, columns]`, scipy sparse or dense; rows may depend on each other.
        extended: Whether to solve even a large problem like a small one, in extended precision.

    >>> solver = DualActiveSet([[1.0, 1.0, -1.0]])
    >>> weight = np.array([1e-12, 1.0, 1e12])
    >>> solver.solve(np.array([5.0, 5.0, 2.0]), np.zeros(3), np.full(3, 3.0), weight).values.round(9).tolist()
    [0.0, 2.0, 2.0]
    """

    def __init__(self, matrix: Any, extended: bool = False) -> None:
        dense = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
        self._small = Tableau(dense) if extended or dense.size <= LONG_ENTRIES else None
        if self._small is None:
            dense = np.where(np.abs(dense) > ROUNDING * np.abs(dense).max(axis=1, keepdims=True), dense, 0.0)
            rows, self._scale = equilibration(dense)
            self._even = rows[:, None] * dense * self._scale

    def solve(
        self,
        target: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        weight: np.ndarray,
        side: np.ndarray | None = None,
    ) -> ActiveSetSolution:
        """Return the optimum.

        Args:
            target: t, shape `[columns]`.
            lower: l, shape `[columns]`; −inf for none.
            upper: u, shape `[columns]`; inf for none.
            weight: w > 0, shape `[columns]`.
            side: Guess of the bounds that hold a value, as in the solution; none by default.
        """
        problem = target, lower, upper, weight
        if self._small is not None:
            return ExtendedActiveSet(self._small.copy(), problem, side).solve()
        return self._solve_large(problem, side)

    def _solve_large(self, problem: tuple[np.ndarray, ...], side: np.ndarray | None) -> ActiveSetSolution:
        """Solve in columns of equal size; powers of two, so that scaling does not round."""
        target, lower, upper, weight = problem
        scale, size = self._scale, len(self._scale)
        pinned, guess = first_guess(lower, upper, side)
        scaled = target / scale, lower / scale, upper / scale, weight * scale**2
        run = LargeActiveSet(self._even, scaled, pinned, guess, MOST_PASSES // max(self._even.size, 1))
        try:
            gap = self._approach(run, (target, scaled[0]), (lower, upper))
        except (ValueError, np.linalg.LinAlgError):
            # A basis that is singular to rounding leaves values that are no numbers.
            gap = np.nan
        if gap <= CLOSED and run.steps < run.budget:
            return ActiveSetSolution(OPTIMAL, np.clip(run.values * scale, lower, upper), run.side, steps=run.steps)
        status = INFEASIBLE if gap > CLOSED else SPOILED if np.isnan(gap) else TIRED
        nothing = np.full(size, np.nan), np.zeros(size, dtype=np.int8)
        return ActiveSetSolution(status, *nothing, gap if status == INFEASIBLE else 0.0, run.steps)

    def _approach(
        self, run: LargeActiveSet, targets: tuple[np.ndarray, np.ndarray], bounds: tuple[np.ndarray, np.ndarray]
    ) -> float:
        """Run to the target, given as it is and scaled, in stages where it is far; return what is left of the gap."""
        (target, scaled), (lower, upper), scale = targets, bounds, self._scale
        gap = run.start()
        near = np.clip(target, lower, upper)
        far, reach = np.abs(target - near).max(initial=0.0), FAR * (1.0 + np.abs(near).max(initial=0.0))
        while gap <= CLOSED and far > reach:
            gap = run.approach((near + np.clip(target - near, -reach, reach)) / scale)
            reach *= STAGE
        return float(run.approach(scaled) if gap <= CLOSED else gap)
