"""A sparse linear map from fluxes to balances: S, or a row for carbon, charge or electrons."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from metagnn._typing import EdgeIndex, Fluxes, GivenFluxes, GivenImbalance, Imbalance
from metagnn.errors import InputError
from metagnn.network.float64_module import Float64Module
from metagnn.network.forward_mode import outer_derivatives
from metagnn.network.precision import as_floating, working


class Incidence(Float64Module):
    r"""Sparse linear map $b = A v$ from fluxes to balances, with one balance per row.

    The stoichiometry and the balances of carbon, nitrogen, charge and electrons are instances. The non-zeros are also
    the edges of the bipartite graph.

    It has no parameters. Its coefficients stay in float64 even when a model that contains it is cast. It computes in
    the dtype of the fluxes, in float32 for half precision (then rounds) and in float64 for integers. Derivatives of any
    order, in either mode and under `torch.func.vmap`, flow into the fluxes and, where required, into the coefficients.

    Args:
        row: Row of every non-zero, shape `[edges]`.
        column: Column of every non-zero, shape `[edges]`.
        value: Coefficient of every non-zero, shape `[edges]`.
        rows: Names of the rows.
        columns: Names of the columns.

    Shapes:
        fluxes `[..., columns]` [mmol/gDW/h] to balances `[..., rows]` [mmol/gDW/h].

    >>> chain = Incidence.from_dense([[1.0, -1.0, 0.0], [0.0, 1.0, -2.0]], rows=["a", "b"], columns=["in", "ab", "out"])
    >>> chain(torch.tensor([2.0, 2.0, 1.0])).tolist()
    [0.0, 0.0]
    """

    row: Tensor
    column: Tensor
    value: Tensor
    row_pointer: Tensor
    column_pointer: Tensor
    by_column: Tensor

    def __init__(self, row: Tensor, column: Tensor, value: Tensor, rows: Sequence[str], columns: Sequence[str]) -> None:
        super().__init__()
        self.rows, self.columns = tuple(rows), tuple(columns)
        _check(row, column, value, self.rows, self.columns)
        # Sort by row (CSR) and by column (its transpose), so that both products cost O(edges).
        order = torch.argsort(row * len(self.columns) + column)
        row, column = row[order], column[order]
        by_column = torch.argsort(column * len(self.rows) + row)
        buffers = {
            "row": row,
            "column": column,
            "value": value[order].to(torch.float64),
            "row_pointer": _pointer(row, len(self.rows)),
            "column_pointer": _pointer(column, len(self.columns)),
            "by_column": by_column,
        }
        for name, buffer in buffers.items():
            # Not persistent, so that weights load into a model of another network.
            self.register_buffer(name, buffer, persistent=False)

    @classmethod
    def from_dense(cls, matrix: Any, rows: Sequence[str], columns: Sequence[str]) -> Incidence:
        """Build from a dense matrix of shape `[rows, columns]` (array, tensor or nested lists)."""
        return cls.from_scipy(scipy.sparse.coo_array(np.asarray(matrix, dtype=np.float64)), rows, columns)

    @classmethod
    def from_scipy(cls, matrix: Any, rows: Sequence[str], columns: Sequence[str]) -> Incidence:
        """Build from a scipy sparse matrix of shape `[rows, columns]`; explicit zeros are dropped."""
        entries = scipy.sparse.csr_array(matrix).astype(np.float64)
        entries.sum_duplicates()
        entries.eliminate_zeros()
        coo = entries.tocoo()
        if coo.shape != (len(rows), len(columns)):
            raise InputError(f"`matrix` has shape {coo.shape}; expected {(len(rows), len(columns))} from the names")
        row, column = (torch.from_numpy(np.asarray(index, dtype=np.int64)) for index in (coo.row, coo.col))
        return cls(row, column, torch.from_numpy(coo.data.copy()), rows, columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self.rows), len(self.columns)

    @property
    def edge_index(self) -> EdgeIndex:
        """Row and column of every non-zero, shape `[2, edges]`, sorted by row."""
        return torch.stack([self.row, self.column])

    def forward(self, fluxes: GivenFluxes) -> Imbalance:
        """Compute the balances `A v` of fluxes, shape `[..., columns]` to `[..., rows]` [mmol/gDW/h]."""
        return self._multiply(fluxes, transposed=False)

    def adjoint(self, potentials: GivenImbalance) -> Fluxes:
        """Apply the transpose, `Aᵀ y`, shape `[..., rows]` to `[..., columns]`."""
        return self._multiply(potentials, transposed=True)

    def _multiply(self, x: Tensor, transposed: bool) -> Tensor:
        width = len(self.rows if transposed else self.columns)
        if x.shape[-1:] != (width,):
            raise InputError(f"the last dimension of {tuple(x.shape)} must be {width}, one entry per column of the map")
        x = as_floating("potentials" if transposed else "fluxes", x)
        answer: Tensor = self._product(working(x), transposed).to(x.dtype)
        return answer

    def _product(self, x: Tensor, transposed: bool) -> Tensor:
        # Gather and index_add differentiate through the coefficients and trace for compile and ONNX. Otherwise use CSR,
        # three to four times faster at genome scale.
        if self.value.requires_grad or torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
            source, target = (self.row, self.column) if transposed else (self.column, self.row)
            messages = x[..., source] * self.value.to(x.dtype)
            out = x.new_zeros(*x.shape[:-1], len(self.columns if transposed else self.rows))
            return out.index_add(-1, target, messages)
        product: Tensor = _SparseProduct.apply(x, self, transposed)
        return product

    def _csr(self, transposed: bool, dtype: torch.dtype) -> Tensor:
        if transposed:
            pointer, index, value = self.column_pointer, self.row[self.by_column], self.value[self.by_column]
        else:
            pointer, index, value = self.row_pointer, self.column, self.value
        size = self.shape[::-1] if transposed else self.shape
        _acknowledge_beta()
        return torch.sparse_csr_tensor(pointer, index, value.to(dtype), size, check_invariants=False)

    def to_dense(self) -> Tensor:
        """Return the matrix, shape `[rows, columns]`, float64."""
        return self.value.new_zeros(self.shape).index_put((self.row, self.column), self.value)

    def to_scipy(self) -> scipy.sparse.csr_array:
        """Return the matrix as a scipy CSR array, float64."""
        entries = self.value.detach().cpu().numpy(), (self.row.cpu().numpy(), self.column.cpu().numpy())
        return scipy.sparse.csr_array(entries, shape=self.shape)

    def with_column(self, column: int, coefficients: Tensor) -> Incidence:
        """Return a new incidence with one column replaced; gradients flow into the coefficients.

        Args:
            column: Index of the column to replace.
            coefficients: The new column, shape `[rows]`.
        """
        if not 0 <= column < len(self.columns):
            raise InputError(f"`column` is {column}; expected an index below {len(self.columns)}")
        if coefficients.shape != (len(self.rows),):
            raise InputError(f"`coefficients` has shape {tuple(coefficients.shape)}; expected ({len(self.rows)},)")
        kept = self.column != column
        # Keep entries that are zero now, so that a coefficient can pass through zero in training.
        before = torch.zeros(len(self.rows), dtype=torch.bool, device=self.row.device)
        before[self.row[~kept]] = True
        entries = torch.nonzero(before | (coefficients.detach() != 0)).squeeze(-1)
        return Incidence(
            torch.cat([self.row[kept], entries]),
            torch.cat([self.column[kept], torch.full_like(entries, column)]),
            torch.cat([self.value[kept], coefficients.to(torch.float64)[entries]]),
            self.rows,
            self.columns,
        )

    def combine_rows(self, weights: Any, names: Sequence[str], tolerance: float = 1e-9) -> Incidence:
        """Return weighted sums of the rows, `weights @ A`, such as the element balances E·S.

        Args:
            weights: Matrix of shape `[names, rows]`, dense or scipy sparse.
            names: Names of the new rows.
            tolerance: Drop smaller results: they are round-off of cancelling coefficients.
        """
        product = scipy.sparse.csr_array(scipy.sparse.csr_array(weights) @ self.to_scipy())
        product.data[np.abs(product.data) <= tolerance] = 0.0
        return Incidence.from_scipy(product, names, self.columns)

    def extra_repr(self) -> str:
        """Describe rows, columns and non-zeros for `print`."""
        return f"rows={self.shape[0]}, columns={self.shape[1]}, nonzeros={self.value.numel()}"


class _SparseProduct(torch.autograd.Function):
    """Product with a CSR matrix; it is linear, so its derivative in either mode is the same product."""

    @staticmethod
    def forward(x: Tensor, incidence: Incidence, transposed: bool) -> Tensor:
        # Not -1, which is ambiguous without samples or rows.
        flat = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        product = incidence._csr(transposed, x.dtype) @ flat.T
        return product.T.reshape(*x.shape[:-1], product.shape[0])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Incidence, bool], output: Tensor) -> None:
        _, ctx.incidence, ctx.transposed = inputs

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return _SparseProduct.apply(gradient, ctx.incidence, not ctx.transposed), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        with outer_derivatives(()):
            product: Tensor = _SparseProduct.apply(tangent, ctx.incidence, ctx.transposed)
        return product

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Tensor, incidence: Incidence, transposed: bool) -> tuple[Tensor, int]:
        # The product already works over leading dimensions: move the mapped one to the front.
        return _SparseProduct.apply(x.movedim(in_dims[0], 0), incidence, transposed), 0


@functools.cache
def _acknowledge_beta() -> None:
    """Suppress torch's warning that CSR is in beta, once per process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        torch.sparse_csr_tensor(torch.tensor([0, 0]), torch.tensor([], dtype=torch.int64), torch.tensor([]), (1, 1))


def _pointer(index: Tensor, size: int) -> Tensor:
    counts = torch.bincount(index, minlength=size)
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])


def _check(row: Tensor, column: Tensor, value: Tensor, rows: tuple[str, ...], columns: tuple[str, ...]) -> None:
    for name, names in (("rows", rows), ("columns", columns)):
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise InputError(f"`{name}` must be unique; {twice!r} appears more than once")
    if not (row.shape == column.shape == value.shape and row.dim() == 1):
        raise InputError(
            f"`row`, `column` and `value` must be vectors of one length; got {tuple(row.shape)}, "
            f"{tuple(column.shape)} and {tuple(value.shape)}"
        )
    if not torch.isfinite(value.detach()).all():
        raise InputError("`value` must be finite; it contains NaN or infinity")
    for name, index, size in (("row", row, len(rows)), ("column", column, len(columns))):
        if index.numel() and not 0 <= int(index.min()) <= int(index.max()) < size:
            raise InputError(f"`{name}` must lie in [0, {size}); got {int(index.min())} to {int(index.max())}")
