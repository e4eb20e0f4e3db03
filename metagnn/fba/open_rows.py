"""Rows of bounds that are still undecided, and the test of a proof on all of them."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-9
"""Allowed violation of a bound, as in the linear program [mmol/gDW/h]."""


class OpenRows:
    """Undecided rows; stores only the columns whose bounds differ between rows.

    Args:
        lower: Lower bounds of all rows, shape `[rows, reactions]` [mmol/gDW/h].
        upper: Upper bounds, the same shape.

    Attributes:
        rows: Positions of the undecided rows.
        moves_low: Columns whose lower bound differs between rows.
        moves_high: Columns whose upper bound differs between rows.
        extra_lower: Lower bounds of the extra columns of the least-use program.
        extra_upper: Their upper bounds.
        costs: Cost of each use: one over the bound's spread, so that all nutrients count equally.
    """

    def __init__(self, lower: np.ndarray, upper: np.ndarray) -> None:
        self.rows = np.arange(len(lower))
        self._first = lower[0], upper[0]
        self.moves_low = np.flatnonzero((lower != lower[0]).any(axis=0))
        self.moves_high = np.flatnonzero((upper != upper[0]).any(axis=0))
        self._low, self._high = lower[:, self.moves_low], upper[:, self.moves_high]
        self._fixed_low, self._fixed_high = lower[0] - TOLERANCE, upper[0] + TOLERANCE
        self._fixed_low[self.moves_low], self._fixed_high[self.moves_high] = -np.inf, np.inf
        spreads = np.concatenate([np.ptp(self._low, axis=0), np.ptp(self._high, axis=0)])
        self.costs = 1.0 / np.where(np.isfinite(spreads), spreads, 1.0)
        tight_low, tight_high = lower[0].copy(), upper[0].copy()
        tight_low[self.moves_low], tight_high[self.moves_high] = self._low.max(axis=0), self._high.min(axis=0)
        least = np.maximum(tight_low, np.minimum(0.0, tight_high))[self.moves_low]
        most = np.minimum(tight_high, np.maximum(0.0, tight_low))[self.moves_high]
        count = len(least) + len(most)
        self.extra_lower = np.concatenate([np.zeros(count), least, np.full(len(most), -np.inf)])
        self.extra_upper = np.concatenate([np.full(count + len(least), np.inf), most])

    def empty(self) -> np.ndarray:
        """Return the rows in which a lower bound exceeds its upper one."""
        both = np.union1d(self.moves_low, self.moves_high)
        low, high = (np.repeat(first[None, both], len(self.rows), axis=0) for first in self._first)
        low[:, np.searchsorted(both, self.moves_low)] = self._low
        high[:, np.searchsorted(both, self.moves_high)] = self._high
        crossed = np.ones(len(self._first[0]), dtype=bool)
        crossed[both] = False
        crossed &= self._first[0] > self._first[1]
        return np.asarray((low > high).any(axis=1) | crossed.any())

    def contains(self, flux: np.ndarray) -> np.ndarray:
        """Return the rows whose bounds contain a flux, up to the tolerance, as a mask over `rows`."""
        if not len(self.rows) or (flux < self._fixed_low).any() or (flux > self._fixed_high).any():
            return np.zeros(len(self.rows), dtype=bool)
        above = (self._low <= flux[self.moves_low] + TOLERANCE).all(axis=1)
        return np.asarray(above & (self._high >= flux[self.moves_high] - TOLERANCE).all(axis=1))

    def refuted(self, certificate: np.ndarray) -> np.ndarray:
        """Return the rows in which certificate·v < 0 for every v in the bounds, although S v = 0 makes it zero."""
        upward, downward = np.maximum(certificate, 0.0), np.minimum(certificate, 0.0)
        total = np.zeros(len(self.rows))
        for part, moves, moving, first in (
            (downward, self.moves_low, self._low, self._first[0]),
            (upward, self.moves_high, self._high, self._first[1]),
        ):
            # Skip zero entries: zero times an infinite bound is NaN.
            used = part[moves] != 0
            total += moving[:, used] @ part[moves[used]]
            part[moves] = 0.0
            total += first[part != 0] @ part[part != 0]
        # Refute only rows that no flux within the tolerance of the bounds satisfies.
        refuted: np.ndarray = total < -TOLERANCE * np.abs(certificate).sum()
        return refuted

    def remove(self, decided: np.ndarray) -> None:
        """Remove decided rows; `decided` is a mask over `rows`."""
        if decided.any():
            kept = ~decided
            self.rows, self._low, self._high = self.rows[kept], self._low[kept], self._high[kept]
