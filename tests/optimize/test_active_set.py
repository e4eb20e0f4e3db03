import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize.active_set import DENSE_SIZE, ActiveSet
from tests.copies_and_threads import COPIES, in_threads


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), large=st.booleans())
def test_solves_the_equations_even_with_dependent_rows(seed, large):
    rng = np.random.default_rng(seed)
    copies = DENSE_SIZE // 12 + 1 if large else 1
    block = rng.integers(-2, 3, (4, 9)).astype(float)
    block[-1] = block[0] + block[1]
    matrix = scipy.sparse.csc_array(np.kron(np.eye(copies), block))
    free = rng.random(matrix.shape[1]) < 0.8
    weights = rng.uniform(0.5, 2, matrix.shape[1])
    active = ActiveSet(matrix, weights, free)
    part = matrix[:, active.free]
    target = rng.normal(size=(len(active.free), 2))
    row_values = part @ rng.normal(size=(len(active.free), 2))
    values, multipliers, residual = active.solve(target, row_values, np.zeros_like(row_values))
    assert residual < 1e-9
    assert np.abs(part @ values - row_values).max() < 1e-9
    assert np.abs(weights[active.free][:, None] * values - target - part.T @ multipliers).max() < 1e-9


def test_residual_stays_large_where_no_value_meets_the_rows():
    active = ActiveSet(scipy.sparse.csc_array(np.ones((2, 1))), np.ones(1), np.array([True]))
    assert active.solve(np.zeros(1), np.array([0.0, 1.0]), np.zeros(2))[2] > 0.1


def test_multipliers_stay_nearest_to_the_start():
    active = ActiveSet(scipy.sparse.csc_array(np.ones((2, 1))), np.ones(1), np.array([True]))
    _, multipliers, _ = active.solve(np.zeros(1), np.ones(2), np.array([3.0, 0.0]))
    assert multipliers == pytest.approx([2.0, -1.0])


@pytest.mark.parametrize("copies", [1, DENSE_SIZE // 12 + 1])
def test_copies_and_threads_solve_to_the_same_digits(copies):
    rng = np.random.default_rng(0)
    matrix = scipy.sparse.csc_array(np.kron(np.eye(copies), rng.integers(-2, 3, (4, 9)).astype(float)))
    active = ActiveSet(matrix, rng.uniform(0.5, 2, matrix.shape[1]), rng.random(matrix.shape[1]) < 0.8)
    targets = rng.normal(size=(24, len(active.free)))
    zeros = np.zeros(matrix.shape[0])
    expected = [active.solve(target, zeros, zeros)[0] for target in targets]
    assert np.array_equal(in_threads(lambda target: active.solve(target, zeros, zeros)[0], targets), expected)
    for duplicate in COPIES:
        assert np.array_equal(duplicate(active).solve(targets[0], zeros, zeros)[0], expected[0])
