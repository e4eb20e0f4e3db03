"""Values that depend on the held columns and their bounds alone, so that every path to an optimum ends in one label."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from metagnn.optimize.active_set import DENSE_SIZE, ActiveSet
from metagnn.optimize.per_thread import PerThread

AT_BOUND = 1e-9
"""A column this close to a bound is held there; it grows with the largest value beyond `LARGE`. Solvers are right to
about 1e-12, so that all agree unless a column lies in a gap of this width. Such programs are reported as uncertain."""

LARGE = 100.0

SOUND = 1e-11
"""Largest |A v| of a map's values, relative to the largest of them. Where it is exceeded, columns are held that cannot
all be at their bounds."""

MET, USUAL = 2e-14, 100
"""Largest |A v| of certain values, relative to the largest of them, for so many columns; rounding grows with these.
What bounds miss feasibility by shows here, and a magnified program decides."""

MOVES, RANK = 1e-8, 1e-10
"""A held column whose bound cannot move alone leaves a row further from zero than this, per unit, in the least squares
of singular values above the second."""

EXACT = 1e-17
"""Relative residual at which the refinement of a map stops: it goes on while that makes it better."""

MOST_MAPS, MOST_BYTES = 1024, 1 << 27
"""Most maps, and most bytes of maps, to keep."""


@dataclass(frozen=True, eq=False)
class _Map:
    """The optimum as an affine function of the bounds that move.

    Attributes:
        values: The optimum where these bounds are zero, shape `[columns]`.
        moving: Held columns whose bound moves.
        slopes: Change of the optimum per unit of each, shape `[moving, columns]`.
        sound: Whether the values meet the rows.
        stuck: Held varying columns whose bound cannot move alone: the map serves only the bounds that it was made for.
        stuck_at: These bounds.
    """

    values: np.ndarray
    moving: np.ndarray
    slopes: np.ndarray
    sound: bool
    stuck: np.ndarray
    stuck_at: np.ndarray


class HeldColumns:
    """The point of least norm that meets A v = 0 with the held columns at their bounds.

    It is computed from the set of held columns and their bounds, never from an earlier optimum, and row by row without
    products of matrices, whose rounding depends on the size of the batch. The optimum of a program is unique, so its
    held columns do not depend on how it was found, and neither does any digit of the result.

    Args:
        matrix: A, shape `[rows, columns]`, scipy CSC.
        weights: Weights of the squares in the norm, shape `[columns]`.
        varying: Columns whose bounds differ between programs by any amount.
    """

    def __init__(self, matrix: Any, weights: np.ndarray, varying: np.ndarray) -> None:
        self._matrix, self._absolute, self._weights = matrix, abs(matrix), weights
        self._columns = matrix.toarray() if sum(matrix.shape) <= DENSE_SIZE else matrix
        self._varying = np.zeros(matrix.shape[1], dtype=bool)
        self._varying[varying] = True
        self._maps: PerThread[OrderedDict[bytes, list[_Map]]] = PerThread(OrderedDict)

    def values(self, lower: np.ndarray, upper: np.ndarray, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values, shape `[programs, columns]`, and the programs whose held columns are certain.

        Args:
            lower: Lower bounds, shape `[programs, columns]`.
            upper: Upper bounds, the same shape.
            near: Optima up to the tolerance of a solver, the same shape.
        """
        near_zero = AT_BOUND * np.maximum(1.0, np.abs(near).max(axis=1, initial=0.0, keepdims=True) / LARGE)
        above, below = near - lower <= near_zero, upper - near <= near_zero
        side = np.where(above, np.int8(-1), below.astype(np.int8))
        # Adding zero turns −0 into 0: the two must not make two maps, nor two texts.
        at = np.where(side < 0, lower, np.where(side > 0, upper, 0.0)) + 0.0
        values, certain = np.empty_like(near), np.zeros(len(near), dtype=bool)
        groups: dict[bytes, list[int]] = {}
        steady = at[:, ~self._varying]
        for row, (key, bounds) in enumerate(zip(side, steady, strict=True)):
            groups.setdefault(key.tobytes() + bounds.tobytes(), []).append(row)
        for key_bytes, members in groups.items():
            self._evaluate(key_bytes, side[members[0]], at, np.array(members), (values, certain))
        twice = 2.0 * AT_BOUND * np.maximum(1.0, np.abs(values).max(axis=1, initial=0.0, keepdims=True) / LARGE)
        imbalance = np.abs(self._matrix @ values.T).max(axis=0, initial=0.0)
        met = MET * max(1.0, values.shape[1] / USUAL)
        certain &= imbalance <= met * (1.0 + np.abs(values).max(axis=1, initial=0.0))
        inside = (side != 0) | ((values - lower > twice) & (upper - values > twice))
        # With two bounds this close, which one holds the column is a matter of rounding.
        inside &= (side <= 0) | (upper - lower > twice)
        return values, certain & inside.all(axis=1)

    def _evaluate(
        self, key: bytes, side: np.ndarray, at: np.ndarray, rows: np.ndarray, out: tuple[np.ndarray, np.ndarray]
    ) -> None:
        """Fill the values of programs that hold the same columns at the same bounds but for the varying ones."""
        values, certain = out
        kept = self._maps.get()
        maps = kept.setdefault(key, [])
        kept.move_to_end(key)
        while len(rows):
            fitting = (one for one in maps if np.array_equal(one.stuck_at, at[rows[0], one.stuck]))
            found = next(fitting, None)
            if found is None:
                found = self._make(side, at[rows[0]])
                maps.append(found)
                self._forget(kept, found)
            same = (at[np.ix_(rows, found.stuck)] == found.stuck_at).all(axis=1)
            total, bounds = np.repeat(found.values[None], int(same.sum()), axis=0), at[np.ix_(rows[same], found.moving)]
            for bound, slope in zip(bounds.T, found.slopes, strict=True):
                total += bound[:, None] * slope
            values[rows[same]], certain[rows[same]] = total, found.sound
            rows = rows[~same]

    def _forget(self, kept: OrderedDict[bytes, list[_Map]], latest: _Map) -> None:
        most = min(MOST_MAPS, MOST_BYTES // (1 + latest.slopes.nbytes + latest.values.nbytes))
        while sum(map(len, kept.values())) > max(most, 1) and len(kept) > 1:
            kept.popitem(last=False)

    def _make(self, side: np.ndarray, at: np.ndarray) -> _Map:
        equations = ActiveSet(self._columns, self._weights, side == 0)
        held = np.flatnonzero(self._varying & (side != 0))
        # Nearly always all can move: the values and all changes are then one system.
        values, slopes, errors = self._solve(equations, at, held)
        moving = held
        if np.any(errors > SOUND):
            # One that cannot be met stops the refinement of all.
            free, right = (self._matrix[:, part].toarray() for part in (equations.free, held))
            missed = right - free @ np.linalg.lstsq(free, right, rcond=RANK)[0]
            errors = np.where(np.abs(missed).max(axis=0) > MOVES, np.inf, np.minimum(errors, SOUND))
            while np.any(errors > SOUND):
                moving = moving[errors <= SOUND]
                values, slopes, errors = self._solve(equations, at, moving)
            values = self._solve(equations, at, moving, False)[0]
        stuck = np.setdiff1d(held, moving, assume_unique=True)
        return _Map(values + 0.0, moving, slopes + 0.0, self._sound(values), stuck, at[stuck])

    def _sound(self, values: np.ndarray) -> bool:
        """Return whether the held columns can all be at their bounds; a tiny flux in a row of tiny fluxes counts."""
        imbalance, largest = np.abs(self._matrix @ values), 1.0 + np.abs(values).max(initial=0.0)
        own = self._absolute @ np.abs(values)
        return bool(np.all(imbalance <= np.minimum(SOUND * largest, 1e-6 * own + 1e-13 * largest)))

    def _solve(
        self, equations: ActiveSet, at: np.ndarray, moving: np.ndarray, changes: bool = True
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the values where moving bounds are zero, the change of all columns per unit of each, and its error.

        The error is how far each change leaves the rows, relative to its largest entry.
        """
        values = at.copy()
        values[moving] = 0.0
        slopes = np.zeros((len(moving) if changes else 0, len(at)))
        slopes[np.arange(len(slopes)), moving[: len(slopes)]] = 1.0
        together = np.vstack([values, slopes])
        right = -np.asarray(self._columns @ together.T)
        zeros = np.zeros((len(equations.free), len(together)))
        together[:, equations.free] = equations.solve(zeros, right, np.zeros_like(right), EXACT)[0].T
        values, slopes = together[0], together[1:]
        missed = np.abs(self._columns @ slopes.T).max(axis=0, initial=0.0)
        return values, slopes, missed / (1.0 + np.abs(slopes).max(axis=1, initial=0.0))
