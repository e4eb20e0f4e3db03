"""A dual active-set method in extended precision, for small problems and where the last digits count."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from metagnn.optimize.active_set_solution import TIRED, ActiveSetSolution, first_guess
from metagnn.optimize.simplex import INFEASIBLE, OPTIMAL
from metagnn.optimize.tableau import Tableau

CLOSED = 1e-10
"""Shift of all bounds by which a problem may miss feasibility and still count as feasible."""

MOST_WORK = 2**29
"""Entries to pass over in all steps of a problem, after which the method gives up: 5 to 10 s. Counted, not timed, so
that the answer does not depend on the machine."""

SMALL = 2**18
"""Entries of the balances above which bounds are first taken up all at once, while that helps."""

STEPS_PER_COLUMN = 20
"""Changes of the active set, per column, after which the method gives up."""


class ExtendedActiveSet:
    """One problem in extended precision: its tableau, the bounds taken up, and what follows from them.

    Cost per step: one factor of the size of the free directions.

    Args:
        tableau: The balances, to change.
        problem: t, l, u and w, each of shape `[columns]`.
        side: Guess of the bounds that hold a value; None for none.
    """

    def __init__(self, tableau: Tableau, problem: tuple[np.ndarray, ...], side: np.ndarray | None) -> None:
        self.tableau = tableau
        self.kind = tableau.entries.dtype
        self.target, self.lower, self.upper, self.weight = (part.astype(self.kind) for part in problem)
        self.noise = 1e3 * float(np.finfo(self.kind).eps)
        self.pinned, self.side = first_guess(self.lower, self.upper, side)
        with np.errstate(invalid="ignore"):
            self.middle = np.where(self.pinned, self.lower + (self.upper - self.lower) / 2, 0.0)
        self.ignored = np.zeros(len(self.side), dtype=bool)
        self.steps, self.work = 0, 0

    def solve(self) -> ActiveSetSolution:
        """Take up violated bounds until there are none."""
        gap = self._start()
        if gap > CLOSED:
            return self._without(INFEASIBLE, gap)
        while self._able():
            column, sign = self._worst()
            if column < 0:
                values = np.clip(
                    self.values.astype(np.float64), *(b.astype(np.float64) for b in (self.lower, self.upper))
                )
                return ActiveSetSolution(OPTIMAL, values, self.side, steps=self.steps)
            gap = self._take_up(column, sign)
            if gap > CLOSED:
                return self._without(INFEASIBLE, gap)
        return self._without(TIRED)

    def _able(self) -> bool:
        """Return whether steps and work are left."""
        few = self.steps < STEPS_PER_COLUMN * (len(self.side) + 10)
        return few and self.work + self.tableau.work < MOST_WORK

    def _without(self, status: str, gap: float = 0.0) -> ActiveSetSolution:
        nothing = np.full(len(self.side), np.nan)
        return ActiveSetSolution(status, nothing, np.zeros_like(self.side), gap, self.steps)

    def _refresh(self) -> None:
        """Choose the basis of the free columns, factor their curvature, and solve for values and multipliers."""
        free = self.side == 0
        mobility = np.where(free, 1.0 / self.weight, 0.0).astype(np.float64)
        self.tableau.prefer(mobility)
        basis = self.tableau.basis
        self.rows = np.flatnonzero(free[basis])
        self.inside = basis[self.rows]
        outside = free.copy()
        outside[basis] = False
        self.outside = np.flatnonzero(outside)
        self.table = self.tableau.clean(self.rows)
        self.work += self.table.size + len(self.rows) * len(self.outside) * (4 + len(self.outside) // 16)
        self.near, self.size = self.table[:, self.outside], np.abs(self.table)
        self.root = np.sqrt(self.weight[self.inside]), np.sqrt(self.weight[self.outside])
        self.scaled = self.near * self.root[0][:, None] / self.root[1]
        rough = self.scaled.astype(np.float64)
        curvature = rough.T @ rough
        curvature.flat[:: len(curvature) + 1] += 1.0
        self.factor = scipy.linalg.cho_factor(curvature, overwrite_a=True, check_finite=False)
        held = np.where(self.side < 0, self.lower, self.upper)
        self.held = np.where(free, 0.0, np.where(self.pinned, self.middle, held))
        self.values, self.force = self._nearest(self.held, self.target, None)

    def _nearest(
        self, held: np.ndarray, target: np.ndarray, pull: tuple[int, int] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Minimise over the free columns; return values and multipliers of the held ones.

        Args:
            held: Values of the held columns, zero elsewhere.
            target: t.
            pull: A column with a unit force on it, and the sign of the force.
        """
        table, (inner, outer) = self.table, self.root
        constant = -(table @ held)
        missing = inner * (constant - self.near @ target[self.outside] - target[self.inside])
        right = self.scaled.T @ missing
        push = np.zeros(len(target), dtype=self.kind)
        if pull is not None:
            push[pull[0]] = pull[1]
            right = right + push[self.outside] / outer - (self.near.T @ push[self.inside]) / outer
        shift = np.zeros(len(right), dtype=self.kind)
        for _ in range(3 if len(right) else 0):
            left = right - shift - self.scaled.T @ (self.scaled @ shift)
            shift = shift + scipy.linalg.cho_solve(self.factor, left.astype(np.float64), check_finite=False)
        values = held.copy()
        values[self.outside] = target[self.outside] + shift / outer
        values[self.inside] = constant - self.near @ values[self.outside]
        gradient = np.where(self.side == 0, self.weight * (values - target), 0.0)
        gradient = gradient + np.where(self.side != 0, self.weight * (held - target), 0.0) - push
        force = gradient - table.T @ gradient[self.inside]
        return values, force

    def _start(self) -> float:
        """Make the guess independent and its multipliers right; return by how much the pins contradict each other."""
        self._refresh()
        self._make_independent()
        gap = self._contradiction()
        if gap <= CLOSED:
            self._let_go()
            if self.tableau.entries.size > SMALL:
                self._take_up_many()
        return gap

    def _let_go(self) -> None:
        """Release held columns until all multipliers are right."""
        while True:
            wrong = self._strength(self.force) < -self._doubt()
            if not wrong.any():
                return
            self.side[wrong] = 0
            self.steps += int(wrong.sum())
            self._refresh()

    def _take_up_many(self) -> None:
        """Take up all violated bounds at once, for as long as that raises the dual objective."""
        height = self._height()
        while self._able():
            outside = np.maximum(self.lower - self.values, self.values - self.upper)
            violated = (self.side == 0) & (outside > 1e-10 * (1.0 + np.abs(self.values)))
            before = self.side.copy()
            self.side[violated] = np.where(self.values < self.lower, -1, 1)[violated]
            self.steps += int(violated.sum())
            self._refresh()
            self._make_independent()
            self._let_go()
            now = self._height()
            if not now > height * (1.0 + 1e-9):
                self.side = before
                self._refresh()
                return
            height = now

    def _height(self) -> float:
        """Return the dual objective, which is that of the nearest point with these bounds held."""
        return float(0.5 * self.weight @ (self.values - self.target) ** 2)

    def _make_independent(self) -> None:
        """Release bounds of the guess that follow from the others."""
        tableau, released = self.tableau, False
        for row in np.flatnonzero(self.side[tableau.basis] != 0):
            line = (tableau.entries[row] != 0) & (self.side != 0) & ~self.pinned
            if line.any():
                column = int(np.where(line, np.abs(tableau.entries[row]), 0.0).argmax())
                self.side[column], released = 0, True
                if column != tableau.basis[row]:
                    tableau.exchange(int(row), column)
        if released:
            self._refresh()

    def _contradiction(self) -> float:
        """Return the largest shift of the bounds that pins ask for."""
        stuck = self.side[self.tableau.basis] != 0
        lines = self.tableau.entries[stuck]
        size = np.abs(lines)
        room = np.where(self.pinned, (self.upper - self.lower) / 2, 0.0)
        miss = np.abs(lines @ self.held) - size @ room - self.noise * (size @ np.abs(self.held))
        return float((miss / np.maximum(size.sum(axis=1), 1.0)).max(initial=0.0))

    def _strength(self, force: np.ndarray) -> np.ndarray:
        """Return the multipliers with the sign that is right for their bound; infinite where nothing can let go."""
        able = (self.side != 0) & ~self.pinned
        return np.where(able, -self.side * force, np.inf)

    def _doubt(self) -> np.ndarray:
        """Return the rounding of every multiplier."""
        pull = np.abs(self.weight * (self.values - self.target)) + self.weight * np.abs(self.values)
        doubt: np.ndarray = self.noise * (pull + self.size.T @ pull[self.inside])
        return doubt

    def _worst(self) -> tuple[int, int]:
        """Return the free column that is furthest outside its bounds, and the direction to its bound."""
        below, above = self.lower - self.values, self.values - self.upper
        outside = np.maximum(below, above)
        outside[(self.side != 0) | self.ignored] = -np.inf
        bound = np.where(below > above, self.lower, self.upper)
        with np.errstate(invalid="ignore"):
            allowed = 1e-13 * (1.0 + np.where(np.isfinite(bound), np.abs(bound), 0.0))
        allowed[self.inside] += self.noise * (self.size @ np.abs(self.values))
        outside[~(outside > allowed)] = -np.inf
        column = int(outside.argmax())
        if outside[column] == -np.inf:
            return -1, 0
        return column, 1 if below[column] > above[column] else -1

    def _take_up(self, column: int, sign: int) -> float:
        """Hold a column at its bound, releasing others on the way; return the gap if that is impossible."""
        bound = self.lower[column] if sign > 0 else self.upper[column]
        strength = self.kind.type(0.0)
        nothing = np.zeros_like(self.target)
        while self._able():
            self.steps += 1
            motion, change = self._nearest(nothing, nothing, (column, sign))
            left = sign * (bound - (self.values[column] + strength * motion[column]))
            row = np.flatnonzero(self.inside == column)
            moves = not len(row) or bool(self.table[row[0], self.outside].any())
            whole = left / (sign * motion[column]) if moves else np.inf
            able, rate = self._strength(self.force + strength * change), -self._rate(change, motion, column)
            with np.errstate(divide="ignore", invalid="ignore"):
                until = np.where(rate > 0, np.maximum(able, 0.0) / rate, np.inf)
            first = int(until.argmin())
            if moves and whole <= until[first]:
                self.side[column] = -sign
                self._refresh()
                return 0.0
            if until[first] == np.inf:
                size = np.abs(self.table[row[0]]).sum()
                gap = float(left / size)
                # Rounding parts some bounds from each other: leave this one to the clip.
                self.ignored[column] = gap <= CLOSED
                return gap
            strength = strength + until[first]
            self.side[first] = 0
            self._refresh()
        return 0.0

    def _rate(self, change: np.ndarray, motion: np.ndarray, column: int) -> np.ndarray:
        """Return how fast the strength of every held bound grows under a force on a column; rounding counts as zero."""
        pull = np.abs(self.weight * motion)
        pull[column] += 1.0
        rounding = self.noise * (pull + self.size.T @ pull[self.inside])
        able = (self.side != 0) & ~self.pinned & (np.abs(change) > rounding)
        return np.where(able, -self.side * change, 0.0)
