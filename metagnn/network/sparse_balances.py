"""Sparse balances of fluxes, and their factor in any metric."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

WIDE = 30
"""Columns with more balances are eliminated separately. A biomass reaction would otherwise couple each of its
metabolites to every other, and a column that copies of an organism share would couple the copies."""

REGULARISATION = 1e-10
"""Regularisation that allows dependent balances, relative to one normalised balance; refinement removes its effect down
to rounding."""


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
        return BalanceFactor(scipy.sparse.csr_array(scipy.sparse.diags_array(1 / size) @ self.matrix), variance)


class BalanceFactor:
    """The sparse factor of A diag(m) Aᵀ, by SuperLU (Li 2005, doi 10.1145/1089014.1089017).

    Args:
        rows: A with rows of norm one in the metric, shape `[balances, columns]`.
        variance: m > 0, shape `[columns]`.
    """

    def __init__(self, rows: Any, variance: np.ndarray) -> None:
        self._rows, self._columns = rows, scipy.sparse.csr_array(rows.T)
        self._variance = variance[:, None]
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
            refinements: Steps of refinement. The balances then hold to about 1e-7 of the largest value with none, 1e-12
                with one, and rounding with two.

        Returns:
            The same shape.
        """
        if self._factor is None:
            return np.zeros_like(values)
        potential = self._solve(self._rows @ values)
        for _ in range(refinements):
            left = values - self._variance * (self._columns @ potential)
            potential += self._solve(self._rows @ left)
        moved: np.ndarray = self._columns @ potential
        return moved

    def _solve(self, right: np.ndarray) -> np.ndarray:
        padding = ((0, self._factor.shape[0] - self._balances), (0, 0))
        solved: np.ndarray = self._factor.solve(np.pad(right, padding))
        return solved[: self._balances]
