"""A linear system A x = 0 solved for some of its columns, which change by exchange."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

CANCELLED = 1e4 * float(np.finfo(np.longdouble).eps)
"""Share of an entry that is rounding where an exchange cancels the rest."""

SMALLEST = 1e-13
"""Entries below count as rounding."""

VOLUME = 4.0
"""Gain of an exchange, squared, that makes it worth its time."""


class Tableau:
    """The equations x_B = −T x_N of A x = 0, with T = B⁻¹ A for a basis B of the columns of A.

    `prefer` brings the columns of greatest mobility d into the basis. Then |T_ij| √(d_j/d_i) ≤ 2 for every basic i and
    every other j, so a problem with the weights 1/d is well conditioned in these coordinates however far the weights
    spread (Stewart 1989, doi 10.1016/0167-6377(89)90053-7): a light column never rests on a heavy one that it could
    avoid. Entries that cancel are set to zero for that reason.

    Args:
        matrix: A, scipy sparse or dense, shape `[rows, columns]`; rows may depend on each other.

    Attributes:
        entries: T, shape `[rank, columns]`, in extended precision.
        basis: Basic column of every row.
        work: Entries changed or compared by exchanges so far.
    """

    def __init__(self, matrix: Any) -> None:
        dense = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
        self.entries: npt.NDArray[Any] = dense.astype(np.longdouble)
        self.work = 0
        self.basis, self._stale = np.full(len(dense), -1), np.ones(len(dense), dtype=bool)
        size = np.abs(self.entries).max(axis=1, initial=0.0)
        for row in np.argsort((self.entries != 0).sum(axis=1), kind="stable"):
            line = np.abs(self.entries[row])
            if line.max(initial=0.0) > 1e-10 * size[row]:
                self.exchange(int(row), int(line.argmax()))
        # Rows that depend on others are zero by now.
        self.entries, self.basis = self.entries[self.basis >= 0], self.basis[self.basis >= 0]
        self._cleaned, self._stale = self.entries.copy(), np.ones(len(self.basis), dtype=bool)

    def copy(self) -> Tableau:
        """Return a tableau that changes on its own."""
        twin = object.__new__(Tableau)
        twin.entries, twin.basis = self.entries.copy(), self.basis.copy()
        twin.work = 0
        twin._cleaned, twin._stale = self._cleaned.copy(), self._stale.copy()
        return twin

    def clean(self, rows: np.ndarray) -> npt.NDArray[Any]:
        """Return rows of the entries, zero where they may be rounding."""
        stale = rows[self._stale[rows]]
        lines = self.entries[stale]
        lines[np.abs(lines) <= SMALLEST] = 0.0
        self._cleaned[stale], self._stale[stale] = lines, False
        cleaned: npt.NDArray[Any] = self._cleaned[rows]
        return cleaned

    def exchange(self, row: int, column: int) -> None:
        """Make a column the basic one of a row; costs one update of rank one."""
        table = self.entries
        table[row] /= table[row, column]
        rows, columns = np.flatnonzero(table[:, column]), np.flatnonzero(table[row])
        rows = rows[rows != row]
        before = table[np.ix_(rows, columns)]
        after = before - np.outer(table[rows, column], table[row, columns])
        after[np.abs(after) <= CANCELLED * np.abs(before)] = 0.0
        table[np.ix_(rows, columns)] = after
        table[:, column] = 0.0
        table[row, column] = 1.0
        self._stale[row] = self._stale[rows] = True
        self.work += 4 * before.size
        self.basis[row] = column

    def prefer(self, mobility: np.ndarray) -> None:
        """Exchange until no column outside the basis would gain a factor of two.

        Args:
            mobility: d ≥ 0, shape `[columns]`; columns with zero leave the basis wherever another one can enter.
        """
        for _ in range(100):
            outside = mobility.copy()
            outside[self.basis] = 0.0
            columns = np.flatnonzero(outside)
            gain = self._gain(self.entries[:, columns], mobility[columns], mobility[self.basis])
            best = gain.max(axis=1, initial=0.0)
            self.work += gain.size
            rows = np.flatnonzero(best > VOLUME)
            if not len(rows):
                return
            for row in rows[np.argsort(-best[rows], kind="stable")]:
                columns = np.flatnonzero(outside)
                line = self._gain(self.entries[[row]][:, columns], mobility[columns], mobility[self.basis[[row]]])[0]
                if line.max(initial=0.0) > VOLUME:
                    entering = int(columns[line.argmax()])
                    outside[self.basis[row]] = mobility[self.basis[row]]
                    outside[entering] = 0.0
                    self.exchange(int(row), entering)

    def _gain(self, entries: np.ndarray, outside: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """Return the square of how much each exchange widens the basis."""
        size = np.abs(entries).astype(np.float64)
        size[size <= SMALLEST] = 0.0
        gain: np.ndarray = size**2 * outside / np.maximum(inside, 1e-100)[:, None]
        return gain
