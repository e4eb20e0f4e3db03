"""Parsimonious FBA of many media, with linear programs that stay in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.fba.least_norm import clear_optimum, held_by_dual
from metagnn.fba.nearest_in_face import NearestInFace
from metagnn.optimize.critical_regions import Learned
from metagnn.optimize.least_distance import nearest_along
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram, LinearSolution
from metagnn.optimize.objective_ceiling import ObjectiveCeiling
from metagnn.optimize.objectives_in_turn import ObjectivesInTurn
from metagnn.optimize.repeatable_optima import AbstractRepeatableOptima

STRONG = 1e6
"""Weight of growth beside total flux where both are solved at once. Flux is saved at up to 1e4 mmol per gram of growth
given up in iJO1366; a check of the reduced costs of growth alone proves every optimum."""

DOUBTFUL = 1e-5
"""Reduced costs of both below this and not zero are in doubt; in iJO1366 they are below 1e-8 or above 1e-3."""

ACCEPTED = 1e-10
"""Largest violation of a bound at which a basis serves another medium [mmol/gDW/h]."""


class ParsimoniousOptimum(AbstractRepeatableOptima):
    """pFBA: the least total flux Σ|v| at the largest growth (Lewis et al. 2010, doi 10.1038/msb.2010.47).

    Where several fluxes have it, the one of least norm among them, so that it is unique.

    One linear program of growth and total flux together finds it, and the reduced costs of growth alone prove it. Where
    they do not, two programs do it in turn: FBA, and least total flux. The columns that the duals hold at a bound span
    the face of all optima.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        growth: Position of the growth reaction.
        backward: Reactions that can run backward in some medium, boolean, shape `[reactions]`.
        varying: Columns whose bounds differ between media. Others may differ too, but one region then serves only media
            with the same bounds there.
        weights: Weight of every column in the total, zero or one, shape `[reactions]`; ones by default.
        squares: Weight of the square of every column in the norm, the same shape; as in the total by default.
    """

    def __init__(
        self,
        matrix: Any,
        growth: int,
        backward: np.ndarray,
        varying: np.ndarray,
        weights: np.ndarray | None = None,
        squares: np.ndarray | None = None,
    ) -> None:
        columns = matrix.shape[1]
        weights = np.ones(columns) if weights is None else weights
        squares = weights if squares is None else squares
        self._growth = growth
        # What does not count in the total stays whole, whatever its sign.
        self._backward, self._whole = np.flatnonzero(backward & (weights > 0)), np.flatnonzero(weights == 0)
        # v = forward − backward, both ≥ 0, so that |v| is their sum; split only reactions that can run backward.
        split = scipy.sparse.hstack([matrix, -matrix[:, self._backward]], format="csc")
        squares = np.append(squares, squares[self._backward])
        differing = np.append(varying, columns + np.flatnonzero(np.isin(self._backward, varying)))
        super().__init__(split, squares, differing)
        objective = np.zeros(columns)
        objective[growth] = 1.0
        self._largest_growth = LinearProgram(matrix, objective)
        self._least_flux = LinearProgram(split, -np.append(weights, weights[self._backward]))
        self._squares, growing = squares, np.append(objective, -objective[self._backward])
        self._ceiling, total = ObjectiveCeiling(growing), np.append(weights, weights[self._backward])
        self._both = ObjectivesInTurn(split, growing, -total, STRONG, differing, DOUBTFUL)
        self._nearest = NearestInFace(split, differing, squares, np.zeros(len(squares), dtype=bool))

    def solve(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Return fluxes, shape `[media, reactions]`, NaN unless the status is "optimal", and the statuses.

        Args:
            lower: Lower bounds, shape `[media, reactions]` [mmol/gDW/h].
            upper: Upper bounds, the same shape.
            progress: Called with the number of media decided so far.
        """
        parts, status = super().solve(*self._split(lower, upper), progress)
        fluxes = parts[:, : lower.shape[1]]
        fluxes[:, self._backward] -= parts[:, lower.shape[1] :]
        return fluxes, status

    def anchor(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """See `AbstractRepeatableOptima.anchor`; bounds of shape `[reactions]`."""
        parts = self._split(lower, upper)
        super().anchor(*parts)
        if self.is_anchored:
            self._both.program.anchor(*parts)
            self._largest_growth.anchor(lower, upper)

    def restart(self) -> None:
        """Forget the last optima."""
        self._both.program.restart()
        self._largest_growth.restart()
        self._least_flux.restart()

    def proven(self, lower: np.ndarray, upper: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return which values have the largest growth, by a proof that does not trust what found them."""
        return self._ceiling.reached(lower, upper, values)

    def solve_again(self, lower: np.ndarray, upper: np.ndarray, exact: bool) -> np.ndarray | None:
        """Return the optimum by two linear programs in turn; None if there is none."""
        self.restart()
        status, values, _ = self._in_turn(lower, upper, False)
        return values if status == OPTIMAL else None

    def solve_one(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        """Return the status and the flux of one medium, and if asked its region; all in forward and backward parts."""
        status, both = self._both.solve(lower, upper)
        if status == INFEASIBLE:
            return status, np.full(len(lower), np.nan), None
        if both is not None:
            self._ceiling.add(both.first_costs)
            if not len(both.entering):
                region = self._both.region(both, lower, upper, ACCEPTED) if learn else None
                return OPTIMAL, both.found.values, region
            if not learn:
                bounds = _closed((lower, upper), both.fixed)
                directions = self._both.program.directions(both.entering)
                point = nearest_along(both.found.values, *directions, self._squares, bounds)
                if point is not None:
                    return OPTIMAL, point, None
        return self._in_turn(lower, upper, learn)

    def _in_turn(self, lower: np.ndarray, upper: np.ndarray, learn: bool) -> Learned:
        """Maximise growth, then minimise total flux on its face, then the norm: slower, but right for every medium."""
        count = self._largest_growth.shape[1]
        whole = lower[:count].copy(), upper[:count].copy()
        whole[0][self._backward] -= upper[count:]
        whole[1][self._backward] -= lower[count:]
        first, clear = clear_optimum(self._largest_growth, *whole)
        if first.status != OPTIMAL:
            return first.status, np.full(len(lower), np.nan), None
        self._ceiling.add(np.append(first.reduced_costs, -first.reduced_costs[self._backward]))
        at_lower, at_upper = held_by_dual(first)
        face = self._split(np.where(at_upper, whole[1], whole[0]), np.where(at_lower, whole[0], whole[1]))
        second, also_clear = clear_optimum(self._least_flux, *face)
        # At its lower bound, a flux has the least forward and the most backward part.
        bounds = lower, upper
        below = np.append(at_lower, at_upper[self._backward])
        above = np.append(at_upper, at_lower[self._backward])
        if second.status != OPTIMAL:
            second, face = self._with_growth(whole, first.values[self._growth])
            bounds, clear, below, above = face, False, np.zeros_like(below), np.zeros_like(above)
        if second.status != OPTIMAL:
            reason = "no flux keeps the largest growth" if second.status == INFEASIBLE else second.status
            return f"failed: {reason.removeprefix('failed: ')}", second.values, None
        at_lower, at_upper = held_by_dual(second)
        # The sign of a reduced cost says nothing where the face has fixed the column.
        fixed = below | (at_lower & ~above), above | (at_upper & ~below)
        held = self._least_flux.held_columns()
        entering = held & (face[0] < face[1]) & ~(fixed[0] | fixed[1])
        positions, directions = self._least_flux.directions(np.flatnonzero(entering))
        learn = learn and clear and also_clear
        if not learn:
            point = nearest_along(second.values, positions, directions, self._squares, _closed(bounds, fixed))
            if point is not None:
                return OPTIMAL, point, None
        moving = np.zeros(len(held), dtype=bool)
        moving[positions[positions >= 0]] = True
        return self._nearest.solve(bounds, fixed, second.values, learn, (moving, held))

    def _with_growth(
        self, bounds: tuple[np.ndarray, np.ndarray], growth: float
    ) -> tuple[LinearSolution, tuple[np.ndarray, np.ndarray]]:
        """Return the least total flux with growth pinned, relaxed slightly where that is infeasible, and its bounds."""
        for slack in (0.0, 1e-9, 1e-8):
            low, high = bounds[0].copy(), bounds[1].copy()
            at = self._growth
            low[at] = max(low[at], growth - slack * max(1.0, abs(growth)))
            high[at] = max(low[at], min(high[at], growth))
            face = self._split(low, high)
            found = self._least_flux.solve(*face)
            if found.status == OPTIMAL:
                break
        return found, face

    def _split(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = self._backward
        low = np.concatenate([np.maximum(lower, 0.0), np.maximum(-upper[..., at], 0.0)], axis=-1)
        high = np.concatenate([np.maximum(upper, 0.0), np.maximum(-lower[..., at], 0.0)], axis=-1)
        low[..., self._whole], high[..., self._whole] = lower[..., self._whole], upper[..., self._whole]
        return low, high


def _closed(
    bounds: tuple[np.ndarray, np.ndarray], fixed: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds that hold the columns that are fixed at their lower and at their upper one."""
    return np.where(fixed[1], bounds[1], bounds[0]), np.where(fixed[0], bounds[0], bounds[1])
