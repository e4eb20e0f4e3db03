import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize import LinearProgram, QuadraticProgram
from metagnn.optimize.exact_least_norm import exact_least_norm
from tests.fba.conftest import random_network


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_it_is_the_quadratic_programs_optimum_from_any_guess(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    matrix, lower, upper = network.stoichiometry.to_scipy().tocsc(), network.bounds.lower, network.bounds.upper
    weights = rng.uniform(0.5, 2.0, len(lower))
    found = exact_least_norm(matrix, weights, lower, upper, rng.choice([-1, 0, 1], len(lower)).astype(np.int8))
    if LinearProgram(matrix, np.zeros(len(lower))).solve(lower, upper).status != "optimal":
        assert found is None
        return
    assert found is not None
    assert np.abs(matrix @ found).max() < 1e-13
    assert ((found >= lower) & (found <= upper)).all()
    expected = QuadraticProgram(matrix, weights).solve(np.zeros(len(lower)), lower, upper)
    if expected.status == "optimal":
        assert np.allclose(found, expected.values, atol=1e-8)


@pytest.mark.parametrize("trace", [1e-6, 1e-9, 1e-13])
def test_a_trace_keeps_its_digits_beside_large_fluxes(trace):
    # v0 (pinned at 20) and a trace feed two pathways of equal length: each takes a half, to the last digit.
    matrix = scipy.sparse.csc_array([[1.0, 0.0, -1.0, -1.0, 0.0], [0.0, 1.0, 0.0, 0.0, -2.5e-5]])
    lower, upper = np.array([20.0, trace, 0, 0, 0]), np.array([20.0, trace, np.inf, np.inf, np.inf])
    found = exact_least_norm(matrix, np.ones(5), lower, upper, np.zeros(5, dtype=np.int8))
    assert found == pytest.approx([20.0, trace, 10.0, 10.0, trace / 2.5e-5], rel=1e-14)


def test_bounds_that_are_all_equal_are_the_values_if_they_balance():
    matrix, ones, side = scipy.sparse.csc_array([[1.0, -1.0]]), np.ones(2), np.zeros(2, dtype=np.int8)
    assert exact_least_norm(matrix, ones, ones, ones, side).tolist() == [1.0, 1.0]
    unequal = np.array([1.0, 2.0])
    assert exact_least_norm(matrix, ones, unequal, unequal, side) is None
