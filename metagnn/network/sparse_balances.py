"""Sparse balances of fluxes, and their factor in any metric."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from metagnn.network.augmented_factor import AugmentedFactor, equilibration

WIDE = 30
"""Columns with more balances are eliminated separately. A biomass reaction would otherwise couple each of its
metabolites to every other, and a column that copies of an organism share would couple the copies."""

REGULARISATION = 1e-10
"""Regularisation that allows dependent balances, relative to one normalised balance; refinement removes its effect down
to rounding."""

REFINED = 1e-11
"""Imbalance, relative to the largest value of a sample, at which refinement stops."""

SETTLED = 1e-10
"""Imbalance, relative to the largest value of a sample, up to which no slower solver is tried."""

PROMISED = 1e-9
"""Largest imbalance of a sample, relative to its largest value or 1, that `SparseBalances.settle` returns."""

CONJUGATE_STEPS = 16
"""Most steps of conjugate gradients: as many as there are eigenvalues below the regularisation, and a few more."""

MOST_SETTLING = 4
"""Most corrections by `settle`; one does unless coefficients span 12 decades."""


class SparseBalances:
    """Balances A x = 0, which may be linearly dependent.

    Args:
        matrix: A, shape `[balances, columns]`, scipy sparse; no row is empty.
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = scipy.sparse.csr_array(matrix)
        self._squares = self.matrix.power(2)

    def factor(self, variance: np.ndarray) -> BalanceFactor:
        """Factor A diag(m) Aᵀ, milliseconds for thousands of balances.

        Args:
            variance: m > 0, shape `[columns]`.
        """
        # Normalise the balances, so that a pivot near zero means near dependence.
        size = np.sqrt(self._squares @ variance)
        rows = scipy.sparse.csr_array(scipy.sparse.diags_array(1 / size) @ self.matrix)
        return BalanceFactor(rows, variance, size)

    def imbalance(self, values: np.ndarray) -> np.ndarray:
        """Return max|A x| of every sample, shape `[columns, samples]` to `[samples]`."""
        return np.asarray(np.abs(self.matrix @ values).max(axis=0, initial=0.0))

    def settled(self, values: np.ndarray) -> bool:
        """Return whether all samples, shape `[columns, samples]`, balance to 1e-10; NaN counts as settled."""
        return not bool((self.imbalance(values) > SETTLED * np.abs(values).max(axis=0, initial=0.0)).any())

    def settle(self, values: np.ndarray) -> np.ndarray:
        """Move values to where the balances hold to rounding; samples that balance to 1e-10 stay to the digit.

        Moves in the units in which the columns of A are alike, so a column with coefficients of 1e6 moves least.

        Args:
            values: Values that nearly balance, shape `[columns, samples]`; a sample with NaN stays as it is.

        Returns:
            Values with max|A x| ≤ 1e-9 · max(1, max|x|); a sample where that cannot be reached is NaN.
        """
        left, size = self.imbalance(values), np.abs(values).max(axis=0, initial=0.0)
        open_, values = np.flatnonzero(left > SETTLED * size), values.copy()
        for _ in range(MOST_SETTLING if len(open_) else 0):
            moved = values[:, open_] - self._even.restoring(self.matrix @ values[:, open_])
            off = self.imbalance(moved)
            better = off < left[open_]
            values[:, open_[better]], left[open_[better]] = moved[:, better], off[better]
            size = np.abs(values).max(axis=0, initial=0.0)
            open_ = open_[better & (left[open_] > REFINED * size[open_])]
            if not len(open_):
                break
        values[:, left > PROMISED * np.maximum(size, 1.0)] = np.nan
        return values

    @functools.cached_property
    def _even(self) -> AugmentedFactor:
        """The factor in the units in which the columns are alike; made when a sample first needs it."""
        return AugmentedFactor(self.matrix, equilibration(self.matrix)[1] ** -2)


class BalanceFactor:
    """The sparse factor of A diag(m) Aᵀ, by SuperLU (Li 2005, doi 10.1145/1089014.1089017).

    Args:
        rows: A with rows of norm one in the metric, shape `[balances, columns]`.
        variance: m > 0, shape `[columns]`.
        size: Norm of every row before, shape `[balances]`.
    """

    def __init__(self, rows: Any, variance: np.ndarray, size: np.ndarray) -> None:
        self._rows, self._columns = rows, scipy.sparse.csr_array(rows.T)
        self._variance, self._size = variance[:, None], size[:, None]
        self._balances = rows.shape[0]
        self._factor = self._factored()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the factor, which cannot be copied."""
        return self.__dict__ | {"_factor": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Factor the same balances again, with the same result."""
        self.__dict__.update(state)
        self._factor = self._factored()

    def _factored(self) -> Any:
        if not self._balances:
            return None
        rows, variance = self._rows, self._variance[:, 0]
        wide = np.diff(scipy.sparse.csc_array(rows).indptr) > WIDE
        narrow = scipy.sparse.diags_array(np.where(wide, 0.0, variance))
        corner = REGULARISATION * scipy.sparse.eye_array(self._balances)
        border = rows @ scipy.sparse.diags_array(np.sqrt(variance), format="csc")[:, wide]
        # The matrix is quasi-definite: every symmetric order has a factor, without pivoting and with little fill
        # (Vanderbei 1995, doi 10.1137/0805005).
        system = scipy.sparse.block_array(
            [[rows @ narrow @ rows.T + corner, border], [border.T, -scipy.sparse.eye_array(int(wide.sum()))]],
            format="csc",
        )
        return scipy.sparse.linalg.splu(
            system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )

    def correction(self, values: np.ndarray, refinements: int = 1) -> np.ndarray:
        """Compute Aᵀ (A diag(m) Aᵀ)⁻¹ A x; minus m times it moves x to where the balances hold.

        Args:
            values: x, shape `[columns, samples]`.
            refinements: Steps of refinement. On a small network and an even metric, the balances then hold to about
                1e-7 of the largest value with none, 1e-12 with one, and rounding with two; `exact_correction` refines
                until they do.

        Returns:
            The same shape.
        """
        if self._factor is None:
            return np.zeros_like(values)
        moved: np.ndarray = self._columns @ self._potential(values, refinements)
        return moved

    def exact_correction(self, values: np.ndarray) -> np.ndarray:
        """Compute the same, refined sample by sample until the balances hold.

        Two refinements do on most networks; then conjugate gradients, preconditioned by the factor, reach what the
        regularisation hides; what an uneven metric still leaves goes through `AugmentedFactor`, some 20 times slower.

        Args:
            values: x, shape `[columns, samples]`.

        Returns:
            The same shape; v = x − m · correction balances to 1e-10 of the largest x or v.
        """
        if self._factor is None:
            return np.zeros_like(values)
        potential = self._potential(values, 2)
        moved: np.ndarray = self._columns @ potential
        open_ = np.flatnonzero(self._off(values, moved) > SETTLED)
        if len(open_):
            moved[:, open_] = self._by_gradients(values[:, open_], moved[:, open_])
            open_ = open_[self._off(values[:, open_], moved[:, open_]) > SETTLED]
        if len(open_):
            matrix = scipy.sparse.diags_array(self._size[:, 0]) @ self._rows
            moved[:, open_] = AugmentedFactor(matrix, 1 / self._variance[:, 0]).correction(values[:, open_])
        return moved

    def _off(self, values: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Return the imbalance of the corrected values relative to the largest value of each sample."""
        nearest = values - self._variance * moved
        size = np.maximum(np.abs(values).max(axis=0, initial=0.0), np.abs(nearest).max(axis=0, initial=0.0))
        left = np.abs(self._size * (self._rows @ nearest)).max(axis=0, initial=0.0)
        return np.asarray(left / np.where(size > 0, size, 1.0))

    def _by_gradients(self, values: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Improve a correction by preconditioned conjugate gradients; keep the best of every sample."""
        best, least = moved.copy(), self._off(values, moved)
        moved, open_ = moved.copy(), np.arange(values.shape[1])
        direction, slope = np.zeros((self._balances, values.shape[1])), np.full(values.shape[1], np.inf)
        for _ in range(CONJUGATE_STEPS):
            left = self._rows @ (values[:, open_] - self._variance * moved[:, open_])
            solved = self._solve(left)
            steeper = (left * solved).sum(axis=0)
            direction[:, open_] = solved + steeper / slope[open_] * direction[:, open_]
            slope[open_] = steeper
            along = self._columns @ direction[:, open_]
            curvature = (self._variance * along**2).sum(axis=0)
            moved[:, open_] += np.where(curvature > 0, steeper / np.where(curvature > 0, curvature, 1.0), 0.0) * along
            off = self._off(values[:, open_], moved[:, open_])
            better = off < least[open_]
            best[:, open_[better]], least[open_[better]] = moved[:, open_[better]], off[better]
            open_ = open_[(off > REFINED) & (steeper > 0)]
            if not len(open_):
                break
        return best

    def _potential(self, values: np.ndarray, refinements: int) -> np.ndarray:
        potential = self._solve(self._rows @ values)
        for _ in range(refinements):
            left = values - self._variance * (self._columns @ potential)
            potential += self._solve(self._rows @ left)
        return potential

    def _solve(self, right: np.ndarray) -> np.ndarray:
        padding = ((0, self._factor.shape[0] - self._balances), (0, 0))
        solved: np.ndarray = self._factor.solve(np.pad(right, padding))
        return solved[: self._balances]
