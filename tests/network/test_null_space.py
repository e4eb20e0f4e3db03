"""Tests of the null spaces of sparse matrices."""

import numpy as np
import pytest
import scipy.sparse

from metagnn.network import null_space
from metagnn.network.compression import null_basis
from metagnn.network.null_space import NullProjector, sparse_null_basis


def _random(seed: int, rows: int = 60, columns: int = 90) -> scipy.sparse.csc_array:
    """Stoichiometry with dependent rows, rows of one and two terms, and coefficients of a hundredth to three."""
    rng = np.random.default_rng(seed)
    sizes = np.array([-3.0, -2.0, -1.0, -1.0, 1.0, 1.0, 2.0, 0.01])
    matrix = scipy.sparse.random_array(
        (rows, columns), density=0.04, rng=rng, data_sampler=lambda size: rng.choice(sizes, size)
    )
    copies = matrix.toarray()[rng.integers(0, rows, 8)] - matrix.toarray()[rng.integers(0, rows, 8)]
    return scipy.sparse.csc_array(np.vstack([matrix.toarray(), copies]))


@pytest.mark.parametrize("seed", range(6))
def test_projector_is_the_dense_one(seed: int) -> None:
    matrix = _random(seed)
    basis = null_basis(matrix.toarray())
    values = np.random.default_rng(seed).normal(size=(matrix.shape[1], 5))
    projected = NullProjector(matrix).project(values)
    assert np.allclose(projected, basis @ (basis.T @ values), atol=1e-10)
    assert np.abs(matrix @ projected).max() < 1e-10


@pytest.mark.parametrize("seed", range(6))
def test_sparse_basis_spans_the_dense_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null_space, "MOST_DENSE", 0)
    monkeypatch.setattr(null_space, "PROBES", 3)
    # Transposed: the left null space, as for conserved moieties.
    for matrix in (_random(seed), scipy.sparse.csc_array(_random(seed).T)):
        dense, sparse = null_basis(matrix.toarray()), sparse_null_basis(matrix)
        assert sparse.shape == dense.shape
        assert np.allclose(sparse.T @ sparse, np.eye(dense.shape[1]), atol=1e-10)
        assert np.allclose(sparse @ (sparse.T @ dense), dense, atol=1e-9)


def test_rounded_coefficients_do_not_add_a_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null_space, "MOST_DENSE", 0)
    # The second row repeats the first but for a coefficient that was rounded.
    matrix = scipy.sparse.csc_array([[1.0, 1 / 3, 2.0, 0.0], [3.0, 1.000001, 6.0, 0.0], [0.0, 1.0, 1.0, 1.0]])
    basis = sparse_null_basis(matrix)
    assert basis.shape == (4, 1)
    assert np.abs(matrix @ basis).max() < 1e-12


def test_no_null_space_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null_space, "MOST_DENSE", 0)
    assert sparse_null_basis(scipy.sparse.csc_array([[1.0, 2.0, 1.0], [0.0, 1.0, -1.0], [1.0, 0.0, 4.0]])).shape == (
        3,
        0,
    )


def test_same_digits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null_space, "MOST_DENSE", 0)
    assert np.array_equal(sparse_null_basis(_random(1)), sparse_null_basis(_random(1)))
