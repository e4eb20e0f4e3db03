import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork
from metagnn.network.augmented_factor import AugmentedFactor, equilibration
from metagnn.testing import random_network
from tests.copies_and_threads import COPIES, in_threads

seeds = st.integers(0, 2**32 - 1)


def badly_scaled(seed: int) -> np.ndarray:
    """Coefficients from 1e-6 to 1e6, the first balances twice."""
    rng = np.random.default_rng(seed)
    matrix = random_network(seed).stoichiometry.to_dense().numpy()
    # A metabolite of no reaction balances by itself.
    matrix = matrix[matrix.any(axis=1)]
    matrix = matrix * 10 ** rng.uniform(-3, 3, (len(matrix), 1)) * 10 ** rng.uniform(-3, 3, matrix.shape[1])
    return np.vstack([matrix, matrix[:2]])


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_the_nearest_balances_and_no_balanced_direction_is_nearer(seed: int):
    rng, matrix = np.random.default_rng(seed), badly_scaled(seed)
    weight, values = 10 ** rng.uniform(-2, 2, matrix.shape[1]), rng.normal(size=(matrix.shape[1], 3))
    moved = AugmentedFactor(scipy.sparse.csr_array(matrix), weight).correction(values)
    nearest = values - moved / weight[:, None]
    size = np.abs(matrix) @ np.abs(nearest) + 1e-300
    assert (np.abs(matrix @ nearest) / size).max() < 1e-10
    # The correction is a combination of the balances, each taken in its own size.
    rows = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    potential = np.linalg.lstsq(rows.T / weight[:, None] ** 0.5, moved / weight[:, None] ** 0.5, rcond=1e-15)[0]
    off = (rows.T @ potential - moved) / weight[:, None] ** 0.5
    assert np.abs(off).max() < 1e-8 * (1 + np.abs(moved / weight[:, None] ** 0.5).max())


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_it_restores_an_imbalance_with_the_least_change(seed: int):
    rng, matrix = np.random.default_rng(seed), badly_scaled(seed)
    imbalance = matrix @ rng.normal(size=(matrix.shape[1], 2))
    found = AugmentedFactor(scipy.sparse.csr_array(matrix), np.ones(matrix.shape[1])).restoring(imbalance)
    assert (np.abs(matrix @ found - imbalance) / (np.abs(matrix) @ np.abs(found))).max() < 1e-10
    rows = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    least = np.linalg.pinv(rows, rcond=1e-12) @ (imbalance / np.linalg.norm(matrix, axis=1, keepdims=True))
    assert np.linalg.norm(found) <= np.linalg.norm(least) * (1 + 1e-6)


def test_scales_bring_rows_and_columns_to_one_and_leave_empty_ones():
    matrix = np.array([[1e6, 0, 1e-3], [0, 0, 0], [1e3, 0, 1e-6]])
    rows, columns = equilibration(matrix)
    scaled = rows[:, None] * matrix * columns
    assert np.all((scaled.max(axis=1)[[0, 2]] > 0.5) & (scaled.max(axis=1)[[0, 2]] < 2))
    assert (rows[1], columns[1]) == (1.0, 1.0)
    assert np.array_equal(np.frexp(np.concatenate([rows, columns]))[0], np.full(6, 0.5))


def test_a_batch_is_a_loop_and_copies_and_threads_answer_the_same(core: MetabolicNetwork):
    rng, S = np.random.default_rng(0), core.stoichiometry.to_scipy()
    factor = AugmentedFactor(S, 10 ** rng.uniform(-12, 12, 95))
    batches = rng.normal(size=(8, 95, 3))
    expected = [factor.correction(values) for values in batches]
    assert np.array_equal(in_threads(factor.correction, batches), expected)
    for duplicate in COPIES:
        assert np.array_equal(duplicate(factor).correction(batches[0]), expected[0])
    one = np.hstack([factor.correction(batches[0][:, [column]]) for column in range(3)])
    assert one == pytest.approx(expected[0], rel=1e-9, abs=1e-9 * np.abs(expected[0]).max())
