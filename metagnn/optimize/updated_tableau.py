"""A large linear system A x = 0 solved for some of its columns, updated by exchanges and renewed before they drift."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.linalg.blas import dger

SMALLEST = 1e-11
"""Entries below count as rounding: the columns are of equal size."""

CANCELLED = 2e-12
"""Share of an entry that is rounding where an exchange cancels the rest."""

VOLUME = 4.0
"""Gain of an exchange, squared, that makes it worth its time."""

UNEVEN = 1e-3
"""Least entry, relative to the largest of its row, that may become a pivot of the first basis."""


class UpdatedTableau:
    """The equations x_B = −T x_N of A x = 0 in double precision, as `Tableau` keeps them for small systems.

    An exchange costs one update of rank one: 1 ms at 636 by 1,453. Updates drift, by 1e-9 in a hundred of them and by
    more after a small pivot; `renew` computes T from the basis again, for 0.1 s.

    Args:
        matrix: A with rows and columns of equal size, dense, shape `[rows, columns]`; rows may depend on each other.
        mobility: d ≥ 0, shape `[columns]`; the first basis prefers columns with much of it.

    Attributes:
        entries: T, shape `[rank, columns]`.
        basis: Basic column of every row, shape `[rank]`.
        changes: Exchanges since T was computed from its basis.
    """

    def __init__(self, matrix: np.ndarray, mobility: np.ndarray) -> None:
        self.entries, self.basis, self.changes = matrix.astype(np.float64), np.full(len(matrix), -1), 0
        for row in np.argsort((matrix != 0).sum(axis=1), kind="stable"):
            line = np.abs(self.entries[row])
            if line.max(initial=0.0) > 1e-10:
                gain = np.where(line > UNEVEN * line.max(), line**2 * np.maximum(mobility, 1e-100), 0.0)
                self.exchange(int(row), int(gain.argmax()))
        # Rows that depend on others are zero by now.
        kept = self.basis >= 0
        self._matrix, self.basis, self.entries = matrix[kept], self.basis[kept], self.entries[kept]
        self.renew()

    def renew(self) -> None:
        """Compute T from its basis, without the rounding of earlier exchanges."""
        basic = self._matrix[:, self.basis]
        outside = np.setdiff1d(np.arange(self.entries.shape[1]), self.basis)
        right = self._matrix[:, outside]
        factor = scipy.linalg.lu_factor(basic, check_finite=False)
        table = scipy.linalg.lu_solve(factor, right, check_finite=False)
        table += scipy.linalg.lu_solve(factor, right - scipy.sparse.csr_array(basic) @ table, check_finite=False)
        table[np.abs(table) <= SMALLEST] = 0.0
        self.entries[:, outside], self.entries[:, self.basis] = table, np.eye(len(self.basis))
        self.changes = 0

    def balance(self, values: np.ndarray, rows: np.ndarray) -> None:
        """Correct the basic values of some rows, in place, so that A x = 0 to rounding."""
        basic = self._matrix[:, self.basis]
        step = scipy.linalg.lu_solve(scipy.linalg.lu_factor(basic), self._matrix @ values)
        values[self.basis[rows]] -= step[rows]

    def exchange(self, row: int, column: int) -> None:
        """Make a column the basic one of a row."""
        table = self.entries
        line, share = table[row] / table[row, column], table[:, column].copy()
        share[row] = 0.0
        rows, columns = np.flatnonzero(share), np.flatnonzero(line)
        if len(rows) * len(columns) < 0.1 * table.size:
            place = np.ix_(rows, columns)
            before = table[place]
            after = before - np.outer(share[rows], line[columns])
        else:
            place, before = (rows, slice(None)), table[rows]  # type: ignore[assignment]
            after = dger(-1.0, line, share[rows], a=before.copy().T, overwrite_a=1).T
        after[np.abs(after) <= CANCELLED * np.abs(before)] = 0.0
        table[place] = after
        table[row], table[:, column] = line, 0.0
        table[row, column] = 1.0
        self.basis[row] = column
        self.changes += 1

    def prefer(self, mobility: np.ndarray) -> None:
        """Exchange until no column outside the basis would gain a factor of two, as `Tableau.prefer`."""
        for _ in range(100):
            outside = mobility.copy()
            outside[self.basis] = 0.0
            columns = np.flatnonzero(outside)
            if not len(columns):
                return
            gain = np.abs(self.entries[:, columns]) * np.sqrt(outside[columns])
            best = gain.max(axis=1, initial=0.0) ** 2 / np.maximum(mobility[self.basis], 1e-100)
            rows = np.flatnonzero(best > VOLUME)
            if not len(rows):
                return
            for row in rows[np.argsort(-best[rows], kind="stable")]:
                line = np.where(np.abs(self.entries[row]) > SMALLEST, self.entries[row] ** 2 * outside, 0.0)
                leaving, entering = self.basis[row], int(line.argmax())
                if line[entering] > VOLUME * max(mobility[leaving], 1e-100):
                    outside[leaving], outside[entering] = mobility[leaving], 0.0
                    self.exchange(int(row), entering)
