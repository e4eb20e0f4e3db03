import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.least_norm import LeastNorm
from metagnn.optimize.held_columns import HeldColumns
from tests.fba.conftest import random_network


def _optima(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    matrix = network.stoichiometry.to_scipy().tocsc()
    lower, upper = network.uptake_bounds(network.exchanges, rng.uniform(0, 5, (6, 3)))
    engine = LeastNorm(matrix, np.eye(matrix.shape[1])[-1], np.arange(3))
    values, status = engine.solve(lower, upper, lambda done: None)
    solved = np.array([text == "optimal" for text in status])
    return matrix, lower[solved], upper[solved], values[solved], rng


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_noise_below_the_gap_and_company_change_no_digit(seed):
    matrix, lower, upper, optima, rng = _optima(seed)
    held = HeldColumns(matrix, np.ones(matrix.shape[1]), np.arange(3))
    values, certain = held.values(lower, upper, optima)
    noisy, also = held.values(lower, upper, optima + rng.uniform(-1e-12, 1e-12, optima.shape))
    assert np.array_equal(noisy[certain & also], values[certain & also])
    for row in np.flatnonzero(certain):
        alone = HeldColumns(matrix, np.ones(matrix.shape[1]), np.arange(3))
        one, _ = alone.values(lower[[row]], upper[[row]], optima[[row]])
        assert np.array_equal(one[0], values[row])
        assert np.abs(matrix @ values[row]).max() < 1e-10
        assert values[row] == pytest.approx(optima[row], abs=1e-8)


def test_a_column_in_the_gap_is_uncertain():
    # v0 feeds v1 and v2, which share it; v1 has a bound that is 1.5e-9 away from its half.
    matrix = scipy.sparse.csc_array([[1.0, -1.0, -1.0]])
    held = HeldColumns(matrix, np.ones(3), np.array([0]))
    lower, upper = np.array([[2.0, 0.0, 0.0]]), np.array([[2.0, 1.0 + 1.5e-9, 9.0]])
    values, certain = held.values(lower, upper, np.array([[2.0, 1.0, 1.0]]))
    assert values.tolist() == [[2.0, 1.0, 1.0]]
    assert not certain[0]
    assert held.values(lower, np.array([[2.0, 5.0, 9.0]]), values)[1][0]


def test_bounds_that_cannot_all_be_met_are_uncertain():
    held = HeldColumns(scipy.sparse.csc_array([[1.0, -1.0]]), np.ones(2), np.array([0]))
    bounds = np.array([[1.0, 1.5]])
    assert not held.values(bounds, bounds, bounds)[1][0]
