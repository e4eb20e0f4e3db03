"""Fluxes moved by rounding to where they balance exactly."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.network.incidence import Incidence
from metagnn.network.sparse_balances import PROMISED, SparseBalances
from metagnn.nn.identity_derivative import IdentityDerivative


class SettledFluxes:
    """Moves fluxes that nearly balance to |S·v| ≤ 1e-9 · max(1, max|v|), whatever S and the fluxes.

    A projection rounds relative to its target and to its basis: with coefficients of 1e6 or a target of 1e12 that shows
    in S·v. Samples that balance to 1e-10 of their largest flux stay to the digit, at the cost of one product with S;
    others are corrected on the CPU, tenths of a second for the first one at genome scale, milliseconds for each.

    Args:
        incidence: The operator S.
        moving: Columns that carry flux, shape `[reactions]`, boolean, all by default; the others are and stay zero.
    """

    def __init__(self, incidence: Incidence, moving: np.ndarray | None = None) -> None:
        self._balances = SparseBalances(incidence.to_scipy())
        self._columns = np.arange(incidence.shape[1]) if moving is None else np.flatnonzero(moving)

    def __call__(self, fluxes: Fluxes) -> Fluxes:
        """Settle fluxes, shape `[..., reactions]`, float64; NaN, with a warning, for a sample that cannot be.

        The derivative is that of the identity: fluxes move by rounding only.
        """
        # A graph has no values to look at.
        if torch.compiler.is_compiling() or self._known_settled(fluxes):
            return fluxes
        settled: Tensor = _Settling.apply(fluxes, self)
        return settled

    def _known_settled(self, fluxes: Tensor) -> bool:
        """Return whether nothing is to move; False inside transforms that hide values, where `_Settling` reads them."""
        try:
            values = fluxes.detach().to("cpu").numpy()
        except RuntimeError:
            return False
        return self._balances.settled(values.reshape(-1, values.shape[-1]).T)

    def move(self, fluxes: Tensor) -> Tensor:
        """Settle fluxes without a derivative."""
        values = fluxes.detach().to("cpu").numpy().reshape(-1, fluxes.shape[-1])
        if self._balances.settled(values.T):
            return fluxes.view_as(fluxes)
        moved = values.copy()
        moved[:, self._columns] = self._moving.settle(values[:, self._columns].T).T
        lost = np.isnan(moved).any(axis=1)
        moved[lost] = np.nan
        failed = int((lost & np.isfinite(values).all(axis=1)).sum())
        if failed:
            warnings.warn(
                f"{failed} of {len(values)} samples failed: no flux near them balances to {PROMISED:g} of the largest "
                "in float64; their fluxes are NaN",
                stacklevel=2,
            )
        return torch.from_numpy(moved.reshape(fluxes.shape)).to(fluxes.device)

    @functools.cached_property
    def _moving(self) -> SparseBalances:
        """The balances of what may move, without empty ones; made when a sample first needs it."""
        matrix = scipy.sparse.csr_array(self._balances.matrix.tocsc()[:, self._columns])
        matrix.eliminate_zeros()
        return SparseBalances(matrix[np.flatnonzero(np.diff(matrix.indptr))])


class _Settling(IdentityDerivative):
    """`SettledFluxes.move` with the derivative of the identity."""

    @staticmethod
    def forward(fluxes: Tensor, settled: SettledFluxes) -> Tensor:
        """Move the fluxes."""
        return settled.move(fluxes)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], fluxes: Tensor, settled: SettledFluxes) -> tuple[Tensor, int]:
        """Treat mapped samples as further samples."""
        return _Settling.apply(fluxes.movedim(in_dims[0], 0), settled), 0
