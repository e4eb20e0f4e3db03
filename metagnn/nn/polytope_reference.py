"""The nearest feasible flux of one sample by solvers that take any input, with a proof where there is none."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.optimize.dual_active_set import DualActiveSet
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.optimize.per_thread import PerThread
from metagnn.optimize.quadratic_program import QuadraticProgram

BALANCED = 1e-9
"""Largest |S·v| and bound violation of a feasible flux; |S·v| relative to max(1, max|v|)."""

ROUNDING = 1e-11
"""Imbalance that counts as rounding, relative to the largest flux."""

MOST_ENTRIES = 2**22
"""Size of the balances above which the dual method, which is dense, costs too much memory and time."""


def keeps_laws(matrix: Any, fluxes: np.ndarray) -> np.ndarray:
    """Return whether fluxes balance, shape `[samples]`.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        fluxes: Shape `[samples, reactions]`; NaN does not balance.
    """
    with np.errstate(invalid="ignore"):
        worst = np.abs(matrix @ fluxes.T).max(axis=0, initial=0.0)
        size = np.abs(fluxes).max(axis=1, initial=0.0)
        # Stricter than the promise: what misses a balance by 1e-7 has no feasible flux, whatever its largest flux.
        kept: np.ndarray = worst <= np.minimum(BALANCED * np.maximum(1.0, size), BALANCED + ROUNDING * size)
    return kept


class ReferenceNearest:
    """Solver of single samples: a dual active-set method, then a quadratic program; a linear one confirms verdicts.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        coupled: Its groups.
    """

    def __init__(self, matrix: Any, coupled: CoupledReactions) -> None:
        self._matrix, self._coupled = matrix, coupled
        self.dense = np.prod(coupled.matrix.shape) <= MOST_ENTRIES
        # Prepared on first use: most batches never come here.
        self._dual = PerThread(functools.partial(DualActiveSet, coupled.matrix))

    def solve(
        self,
        problem: tuple[np.ndarray, ...],
        groups: tuple[np.ndarray, ...],
        large: bool,
    ) -> tuple[str, np.ndarray, np.ndarray]:
        """Return the status, the fluxes (NaN unless "optimal"), and the bound that holds every group.

        Args:
            problem: Target, bounds and weight of the reactions.
            groups: The same of the groups.
            large: Whether to ask a linear program first: of a large problem, it says "infeasible" in a hundredth of
                the time.
        """
        nothing = np.full(len(problem[0]), np.nan), np.zeros(len(groups[0]), dtype=np.int8)
        possible = bool(np.all(groups[1] <= groups[2]))
        reason = "failed: not tried"
        if large and self._infeasible(problem):
            return INFEASIBLE, *nothing
        if self.dense and possible:
            target, lower, upper, weight = groups
            found = self._dual.get().solve(target, lower, upper, weight)
            nearest = self._coupled.expand(found.values[None])[0]
            fluxes = self.within(nearest, problem)
            if fluxes is None and found.status == OPTIMAL:
                fluxes = self._restored(nearest, problem)
            if fluxes is not None:
                return OPTIMAL, fluxes, found.side
            reason = found.status if found.status != OPTIMAL else "failed: rounding"
        if reason != INFEASIBLE:
            solution = QuadraticProgram(self._matrix, problem[3]).solve(problem[3] * problem[0], *problem[1:3])
            fluxes = self.within(solution.values, problem)
            if fluxes is not None:
                return OPTIMAL, fluxes, self._of_groups(solution.side)
            if not (self.dense and possible):
                reason = solution.status if solution.status != OPTIMAL else "failed: rounding"
        return (self._verdict(reason, problem), *nothing)

    def within(self, fluxes: np.ndarray, problem: tuple[np.ndarray, ...]) -> np.ndarray | None:
        """Move fluxes onto bounds that they exceed by rounding; return None where they do not keep the laws."""
        clipped = np.clip(fluxes, problem[1], problem[2])
        moved = np.abs(clipped - fluxes).max(initial=0.0)
        if not moved <= BALANCED * max(1.0, np.abs(clipped).max(initial=0.0)):
            return None
        return clipped if keeps_laws(self._matrix, clipped[None])[0] else None

    def _restored(self, fluxes: np.ndarray, problem: tuple[np.ndarray, ...]) -> np.ndarray | None:
        """Spread over all reactions what bounds that meet to rounding leave of an imbalance."""
        near = np.clip(fluxes, problem[1], problem[2])
        return self.within(QuadraticProgram(self._matrix).solve(near, *problem[1:3]).values, problem)

    def _verdict(self, reason: str, problem: tuple[np.ndarray, ...]) -> str:
        """Return "infeasible" only where a linear program agrees."""
        if self._infeasible(problem):
            return INFEASIBLE
        if reason == INFEASIBLE:
            return "failed: feasible to a tolerance of 1e-9 only"
        return f"failed: {reason.removeprefix('failed: ')}"

    def _infeasible(self, problem: tuple[np.ndarray, ...]) -> bool:
        """Return whether a linear program finds no flux."""
        program = LinearProgram(self._matrix, np.zeros(len(problem[0])))
        return program.solve(*problem[1:3]).status == INFEASIBLE

    def _of_groups(self, side: np.ndarray) -> np.ndarray:
        """Return which bound holds every group from the bounds that hold its members."""
        moving = self._coupled.moving
        held = np.zeros(self._coupled.groups)
        np.add.at(held, self._coupled.group[moving], side[moving] * np.sign(self._coupled.ratio[moving]))
        return np.sign(held).astype(np.int8)
