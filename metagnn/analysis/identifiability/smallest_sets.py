"""Find the fewest further measurements that determine a quantity."""

from __future__ import annotations

import numpy as np

PARALLEL = 1e-6
"""Sine of the angle below which two directions count as parallel."""

NEARLY = 1e-8
"""One minus the cosine below which two directions may be parallel: a cosine near one has lost half its digits."""


class SmallestSets:
    """Find the smallest sets of candidates that have a target as a linear combination.

    Candidates and targets are their undetermined parts (`SteadyStateTangent.after`). Sets of one and two members are
    found exhaustively; beyond that, one set of which no member can be left out.

    Args:
        candidates: Undetermined parts of everything that could be measured, shape `[candidates, directions]`.

    >>> sets = SmallestSets(np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0], [3.0, 0.0]]))
    >>> sets.find_sets(np.array([1.0, 1.0])), sets.find_sets(np.array([-1.0, 0.0]))
    ([(0, 1)], [(0,), (3,)])
    """

    def __init__(self, candidates: np.ndarray) -> None:
        size = np.linalg.norm(candidates, axis=1)
        self._open = np.flatnonzero(size > 0)
        unit = candidates[self._open] / size[self._open, None]
        # Work in the few coordinates that the candidates span.
        _, spread, axes = np.linalg.svd(unit, full_matrices=False)
        self._axes = axes[spread > PARALLEL * spread.max(initial=0.0)]
        self._unit = unit @ self._axes.T
        # In sets of two and more, the first of several parallel candidates represents all of them.
        self._heads = _firsts(self._unit)

    def find_sets(self, target: np.ndarray, most: int = 3) -> list[tuple[int, ...]]:
        """Find up to `most` sets, as positions of candidates; none if all of them do not determine the target.

        Args:
            target: Undetermined part of the quantity, shape `[directions]`, not zero.
            most: Largest number of sets.
        """
        target = target / np.linalg.norm(target)
        seen = self._axes.T @ (self._axes @ target)
        if np.linalg.norm(target - seen) > PARALLEL:
            return []
        inside = self._axes @ target
        along = self._unit @ inside
        across = self._unit - along[:, None] * inside
        left = np.linalg.norm(across, axis=1)
        single = np.flatnonzero(left < PARALLEL)[:most]
        if len(single):
            return [(int(self._open[index]),) for index in single]
        heads = self._heads
        found = self._pairs(inside, across[heads] / left[heads, None], most) or [self._pursuit(inside)]
        return [tuple(self._open[heads[list(members)]].tolist()) for members in found if members]

    def _pairs(self, target: np.ndarray, across: np.ndarray, most: int) -> list[tuple[int, ...]]:
        """Pairs whose parts across the target are parallel, so that a combination of them is along it."""
        unit = self._unit[self._heads]
        found: list[tuple[int, ...]] = []
        near = np.argwhere(np.triu(np.abs(across @ across.T) > 1 - NEARLY, k=1))
        for first, second in near.tolist():
            if _misses(target, unit[[first, second]]) < PARALLEL:
                found.append((first, second))
            if len(found) == most:
                break
        return found

    def _pursuit(self, target: np.ndarray) -> tuple[int, ...]:
        """Orthogonal matching pursuit (Pati et al. 1993, doi 10.1109/ACSSC.1993.342465), then members left out."""
        chosen: list[int] = []
        free, rest = self._unit[self._heads].copy(), target
        while np.linalg.norm(rest) > PARALLEL:
            # The chosen directions are projected out of the others, so that every step adds the most.
            size = np.linalg.norm(free, axis=1)
            gain = np.abs(free @ rest) / np.where(size > PARALLEL, size, np.inf)
            best = int(gain.argmax())
            if gain[best] < PARALLEL**2:
                return ()
            direction = free[best] / size[best]
            chosen.append(best)
            rest = rest - (rest @ direction) * direction
            free = free - np.outer(free @ direction, direction)
        for member in list(chosen):
            others = [index for index in chosen if index != member]
            if _misses(target, self._unit[self._heads[others]]) < PARALLEL:
                chosen = others
        return tuple(sorted(chosen))


def _firsts(unit: np.ndarray) -> np.ndarray:
    """Positions of the rows that are not parallel to an earlier one."""
    cosines = unit @ unit.T
    standing, no_rows = np.ones(len(unit), dtype=bool), np.zeros(0, dtype=np.int64)
    for row in range(len(unit)):
        near = row + 1 + np.flatnonzero(np.abs(cosines[row, row + 1 :]) > 1 - NEARLY) if standing[row] else no_rows
        apart = unit[near] - np.sign(cosines[row, near])[:, None] * unit[row]
        standing[near] &= np.linalg.norm(apart, axis=1) > PARALLEL
    return np.flatnonzero(standing)


def _misses(target: np.ndarray, members: np.ndarray) -> float:
    weights = np.linalg.lstsq(members.T, target, rcond=1e-9)[0]
    return float(np.linalg.norm(target - members.T @ weights))
