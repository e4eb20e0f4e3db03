"""Nearest balanced values in any metric, however uneven, by the augmented system."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

REGULARISATION = 1e-13
"""Regularisation that allows dependent balances, relative to the equilibrated system; refinement removes its effect."""

SWEEPS = 20
"""Sweeps of the equilibration; each halves the distance of every row from size one, in decades."""

MOST_STEPS = 20
"""Refinements at most; one or two do unless weights of 24 decades meet dependent balances."""

CONVERGED = 1e-15
"""Change in the equilibrated system, relative to its largest value, at which refinement stops."""

SHRINKING = 0.5
"""Change relative to that of the refinement before from which it is rounding."""


class AugmentedFactor:
    """The sparse factor of [[W, Aᵀ], [A, 0]], by SuperLU with partial pivoting.

    The normal equations A W⁻¹ Aᵀ of `BalanceFactor` are several times faster, but square what is uneven: below 1e-8
    between two columns of a balance, digits are lost. This system keeps them: refinement makes its solution that of a
    system with every entry changed by rounding only (Arioli, Demmel & Duff 1989, doi 10.1137/0610013).
    Weights may span 24 decades, coefficients 12; 0.2 s for the 1,805 balances of iJO1366.

    Args:
        matrix: A, shape `[balances, columns]`, scipy sparse; balances may depend on each other.
        weight: Diagonal of W > 0, shape `[columns]`.
    """

    def __init__(self, matrix: Any, weight: np.ndarray) -> None:
        matrix = scipy.sparse.csr_array(matrix)
        self._weight, self._columns = weight[:, None], scipy.sparse.csr_array(matrix.T)
        self._system = scipy.sparse.block_array(
            [[scipy.sparse.diags_array(weight), self._columns], [matrix, None]], format="csr"
        )
        self._scale, _ = equilibration(self._system)
        self._factor = self._factored()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the factor, which cannot be copied."""
        return self.__dict__ | {"_factor": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Factor the same system again, with the same result."""
        self.__dict__.update(state)
        self._factor = self._factored()

    def _factored(self) -> Any:
        scale = scipy.sparse.diags_array(self._scale)
        corner = np.zeros(len(self._scale))
        corner[len(self._weight) :] = REGULARISATION
        system = scipy.sparse.csc_array(scale @ self._system @ scale - scipy.sparse.diags_array(corner))
        return scipy.sparse.linalg.splu(system, permc_spec="COLAMD", diag_pivot_thresh=1.0)

    def correction(self, values: np.ndarray) -> np.ndarray:
        """Compute Aᵀ (A W⁻¹ Aᵀ)⁻¹ A x = W (x − v), shape `[columns, samples]`."""
        nothing = np.zeros((self._system.shape[0] - len(values), values.shape[1]))
        solved = self._solve(np.vstack([self._weight * values, nothing]))
        nearest, potential = solved[: len(self._weight)], solved[len(self._weight) :]
        # Two ways to compute the same; in each entry, take the one that rounds less.
        by_values = self._weight * np.maximum(np.abs(values), np.abs(nearest)) < abs(self._columns) @ np.abs(potential)
        return np.asarray(np.where(by_values, self._weight * (values - nearest), self._columns @ potential))

    def restoring(self, imbalance: np.ndarray) -> np.ndarray:
        """Compute the least v, in the metric, with A v = b, shape `[balances, samples]` to `[columns, samples]`."""
        nothing = np.zeros((len(self._weight), imbalance.shape[1]))
        restoring: np.ndarray = self._solve(np.vstack([nothing, imbalance]))[: len(self._weight)]
        return restoring

    def _solve(self, right: np.ndarray) -> np.ndarray:
        scale = self._scale[:, None]
        solved: np.ndarray = self._factor.solve(scale * right)
        before, open_ = np.full(right.shape[1], np.inf), np.arange(right.shape[1])
        for _ in range(MOST_STEPS):
            left = right[:, open_] - self._system @ (scale * solved[:, open_])
            step = self._factor.solve(scale * left)
            size, change = (np.abs(part).max(axis=0, initial=0.0) for part in (solved[:, open_], step))
            # Each sample on its own: its digits do not depend on when its neighbours are done.
            better = change < SHRINKING * before[open_]
            solved[:, open_[better]] += step[:, better]
            before[open_] = change
            open_ = open_[better & (change > CONVERGED * size)]
            if not len(open_):
                break
        found: np.ndarray = scale * solved
        return found


def equilibration(matrix: Any) -> tuple[np.ndarray, np.ndarray]:
    """Compute scales of rows and columns that bring their largest entries to about one.

    Powers of two, so that scaling does not round; empty rows and columns keep 1. By Ruiz (2001, "A scaling algorithm to
    equilibrate both rows and columns norms in matrices", RAL-TR-2001-034).

    Args:
        matrix: Shape `[rows, columns]`, scipy sparse; for a symmetric one, both scales are the same.
    """
    matrix = abs(scipy.sparse.csr_array(matrix))
    rows, columns = np.ones(matrix.shape[0]), np.ones(matrix.shape[1])
    for _ in range(SWEEPS):
        scaled = scipy.sparse.csr_array(scipy.sparse.diags_array(rows) @ matrix @ scipy.sparse.diags_array(columns))
        for scales, axis in ((rows, 1), (columns, 0)):
            size = scaled.max(axis=axis).toarray().ravel()
            scales /= np.sqrt(np.where(size > 0, size, 1.0))
    return tuple(np.exp2(np.round(np.log2(scales))) for scales in (rows, columns))  # type: ignore[return-value]
