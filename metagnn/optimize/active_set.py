"""Solve a quadratic program with known active bounds: one linear system, solved to round-off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

REGULARISATION = 1e-8
"""Regularisation that allows dependent rows; iterative refinement removes its effect."""

ROUNDING = 1e-14
"""Relative residual below which a step that does not halve it only moves rounding about."""

DENSE_SIZE = 400
"""Use a dense factor below this number of unknowns, where it is faster (a core model has about 150)."""


class ActiveSet:
    """The equations of min ½ vᵀ diag(w) v − t·v, A v = b with some columns held at a bound.

    Stationarity is w v − t − Aᵀy = 0 for every free column. If rows of A depend on each other, y is not unique; the y
    nearest to the start is returned, so a start with the right signs keeps them.

    Args:
        matrix: A, shape `[rows, columns]`, scipy CSC; an array, if it is small, saves the time to slice it.
        weights: w ≥ 0, shape `[columns]`.
        free: Columns that are not held at a bound, boolean, shape `[columns]`.
    """

    def __init__(self, matrix: Any, weights: np.ndarray, free: np.ndarray) -> None:
        self.free = np.flatnonzero(free)
        self._weights = weights[self.free]
        # Where a weight is zero, a small one stands in its place in the factor; refinement removes its effect.
        self._divisor = np.where(self._weights > 0, self._weights, 1.0)
        self._diagonal = np.where(self._weights > 0, self._weights, REGULARISATION)
        self._dense = sum(matrix.shape) <= DENSE_SIZE
        self._matrix = matrix[:, self.free]
        if self._dense and not isinstance(matrix, np.ndarray):
            self._matrix = self._matrix.toarray()
        self._transposed = self._matrix.T
        self._factor = self._dense_factor() if self._dense else self._sparse_factor()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the factor, which cannot be copied."""
        return {name: value for name, value in self.__dict__.items() if name != "_factor"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Factor the same equations again, with the same result."""
        self.__dict__.update(state)
        self._factor = self._dense_factor() if self._dense else self._sparse_factor()

    def _dense_factor(self) -> Callable[[np.ndarray], np.ndarray]:
        rows, columns = self._matrix.shape
        system = np.zeros((columns + rows, columns + rows))
        at = np.arange(columns + rows)
        system[at[:columns], at[:columns]] = self._diagonal
        system[:columns, columns:] = self._matrix.T
        system[columns:, :columns] = self._matrix
        system[at[columns:], at[columns:]] = -REGULARISATION
        # As scipy.linalg.lu_factor and lu_solve, whose checks take as long as the work.
        factor, pivots, _ = scipy.linalg.lapack.dgetrf(system, overwrite_a=1)
        return lambda right: scipy.linalg.lapack.dgetrs(factor, pivots, right)[0]

    def _sparse_factor(self) -> Callable[[np.ndarray], np.ndarray]:
        # The matrix is quasi-definite: every symmetric order has a factor, without pivoting and with little fill.
        factor = scipy.sparse.linalg.splu(
            self._system(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        solve: Callable[[np.ndarray], np.ndarray] = factor.solve
        return solve

    def _system(self) -> Any:
        """Return [[diag, Aᵀ], [A, −regularisation]]; written out, it takes a tenth of what scipy's blocks take."""
        columns = scipy.sparse.csc_array(self._matrix)
        rows = columns.tocsr()
        height, width = columns.shape
        indptr = np.concatenate([columns.indptr, columns.nnz + rows.indptr[1:]]) + np.arange(width + height + 1)
        diagonal = np.concatenate([indptr[:width], indptr[width + 1 :] - 1])
        others = np.ones(indptr[-1], dtype=bool)
        others[diagonal] = False
        indices, data = np.empty(len(others), dtype=np.int32), np.empty(len(others))
        indices[diagonal], data[diagonal] = np.arange(width + height), -REGULARISATION
        data[diagonal[:width]] = self._diagonal
        indices[others] = np.concatenate([columns.indices + width, rows.indices])
        data[others] = np.concatenate([columns.data, rows.data])
        return scipy.sparse.csc_array((data, indices, indptr.astype(np.int32)), shape=(width + height,) * 2)

    def solve(
        self, target: np.ndarray, row_values: np.ndarray, start: np.ndarray, tolerance: float = 1e-13
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Solve for the free columns and the multipliers of the rows.

        Args:
            target: t of the free columns, shape `[free]` or `[free, problems]`.
            row_values: b minus the contribution of the held columns, shape `[rows]` or `[rows, problems]`.
            start: Multipliers to start from, in the shape of `row_values`.
            tolerance: Relative residual at which the refinement stops.

        Returns:
            Values, multipliers, and the largest residual of the rows, which stays large if no v meets the rows.
        """
        multipliers = start
        weights, divisor = (part if target.ndim == 1 else part[:, None] for part in (self._weights, self._divisor))
        values = (target + self._transposed @ multipliers) / divisor if multipliers.any() else target / divisor
        scale = 1.0 + max(np.abs(row_values).max(initial=0.0), np.abs(values).max(initial=0.0))
        best = (values, multipliers, np.inf)
        for _ in range(30):
            slack = target - weights * values + self._transposed @ multipliers
            residual = row_values - self._matrix @ values
            worst = float(max(np.abs(residual).max(initial=0.0), np.abs(slack).max(initial=0.0)))
            if not worst < best[2]:
                break
            slow = worst > 0.5 * best[2] and worst <= ROUNDING * scale
            best = (values, multipliers, worst)
            if slow or worst <= tolerance * scale:
                break
            step = self._factor(np.concatenate([slack, residual]))
            values = values + step[: len(self.free)]
            multipliers = multipliers - step[len(self.free) :]
        return best
