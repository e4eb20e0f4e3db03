"""The inverse curvature of a nearest-point problem in its free directions, updated as columns are held or released."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dpotri

from metagnn.optimize.updated_tableau import UpdatedTableau


class FreeCurvature:
    """H = (I + MᵀM)⁻¹, where M is the part of a tableau between free basic and free other columns, scaled by √w.

    Holding, releasing or exchanging a column changes H by rank one or two, for the square of its size; computing it
    anew costs the cube. What updates lose shows in the residual of every solution, which refinement removes.

    Args:
        tableau: The tableau, which `swap` changes along.
        root: √w, shape `[columns]`.

    Attributes:
        columns: Free columns outside the basis, in the order of H.
    """

    def __init__(self, tableau: UpdatedTableau, root: np.ndarray) -> None:
        self._tableau, self._root = tableau, root
        self.columns: list[int] = []
        self._inverse = np.zeros((0, 0))

    def compute(self, free: np.ndarray) -> np.ndarray:
        """Compute H and return the spread: w times the variance of every column, zero where held.

        Args:
            free: Whether a column is free, shape `[columns]`; none of the others is basic where it can be avoided.
        """
        tableau, root = self._tableau, self._root
        outside = free.copy()
        outside[tableau.basis] = False
        self.columns = np.flatnonzero(outside).tolist()
        size, spread = len(self.columns), np.zeros(len(free))
        # Room for every column that may be released later.
        room = len(free) - len(tableau.basis)
        if len(self._inverse) < room:
            self._inverse = np.zeros((room, room))
        if not size:
            return spread
        rows = np.flatnonzero(free[tableau.basis])
        inside = tableau.basis[rows]
        scaled = tableau.entries[np.ix_(rows, np.array(self.columns))] * root[inside][:, None] / root[self.columns]
        curvature = scaled.T @ scaled
        curvature.flat[:: size + 1] += 1.0
        lower = scipy.linalg.cholesky(curvature, lower=True, overwrite_a=True, check_finite=False)
        inverse = np.tril(dpotri(lower, lower=1)[0])
        inverse += np.tril(inverse, -1).T
        self._inverse[:size, :size] = inverse
        spread[self.columns] = np.diag(inverse)
        spread[inside] = ((scaled @ inverse) * scaled).sum(axis=1)
        return spread

    def apply(self, right: np.ndarray) -> np.ndarray:
        """Return H r."""
        size = len(self.columns)
        applied: np.ndarray = self._inverse[:size, :size] @ right
        return applied

    def hold(self, column: int) -> None:
        """Take a column out of the free ones."""
        place, last = self.columns.index(column), len(self.columns) - 1
        inverse = self._inverse[: last + 1, : last + 1]
        if inverse[place, place] > 0:
            inverse -= np.outer(inverse[:, place], inverse[place] / inverse[place, place])
        # The last one moves to its place.
        inverse[place], inverse[:, place] = inverse[last].copy(), inverse[:, last].copy()
        inverse[place, place] = inverse[last, last]
        self.columns[place] = self.columns[last]
        self.columns.pop()

    def release(self, column: int, basic: np.ndarray) -> None:
        """Add a column to the free ones.

        Args:
            column: The column, not basic.
            basic: Whether the basic column of a row is free, shape `[rank]`.
        """
        tableau, root, size = self._tableau, self._root, len(self.columns)
        own = np.where(basic, tableau.entries[:, column] * root[tableau.basis], 0.0) / root[column]
        shared = ((own * root[tableau.basis]) @ tableau.entries[:, self.columns]) / root[self.columns]
        inverse = self._inverse[: size + 1, : size + 1]
        along = inverse[:size, :size] @ shared
        rest = max(float(1.0 + own @ own - shared @ along), 1e-30)
        inverse[:size, :size] += np.outer(along, along / rest)
        inverse[size, :size] = inverse[:size, size] = -along / rest
        inverse[size, size] = 1.0 / rest
        self.columns.append(column)

    def swap(self, row: int, column: int) -> None:
        """Exchange the free basic column of a row with a free one outside the basis."""
        leaving = int(self._tableau.basis[row])
        place, size = self.columns.index(column), len(self.columns)
        line = -self._tableau.entries[row, self.columns] * self._root[leaving] / self._root[self.columns]
        inverse = self._inverse[:size, :size]
        image = inverse @ line
        inverse[place], inverse[:, place] = image, image
        inverse[place, place] = line @ image
        self.columns[place] = leaving
        self._tableau.exchange(row, column)
