import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize.least_distance import nearest_along
from metagnn.optimize.linear_program import LinearProgram
from metagnn.optimize.quadratic_program import QuadraticProgram
from tests.fba.conftest import random_network


def test_two_equal_routes_share_the_flux_and_a_closed_one_stays_closed():
    program = LinearProgram([[1.0, -1.0, -1.0, -1.0]], np.zeros(4))
    lower, upper = np.array([4.0, 0.0, 0.0, 0.0]), np.array([4.0, 9.0, 9.0, 0.0])
    vertex = program.solve(lower, upper).values
    entering = np.flatnonzero(program.held_columns() & (lower < upper))
    moving, directions = program.directions(entering)
    found = nearest_along(vertex, moving, directions, np.ones(4), (lower, upper))
    assert found.tolist() == pytest.approx([4.0, 2.0, 2.0, 0.0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_the_point_found_is_that_of_the_quadratic_program(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    matrix = network.stoichiometry.to_scipy().tocsc()
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    # Bounds that meet at zero make vertices where many meet.
    closed = rng.random(len(lower)) < 0.3
    lower[closed], upper[closed] = np.minimum(lower[closed], 0.0), np.maximum(upper[closed], 0.0)
    upper[closed & (rng.random(len(lower)) < 0.5) & (lower <= 0)] = 0.0
    weights = rng.uniform(0.5, 2.0, len(lower))
    program = LinearProgram(matrix, rng.normal(size=len(lower)) * (rng.random(len(lower)) < 0.3))
    vertex = program.solve(lower, upper)
    if vertex.status != "optimal":
        return
    entering = np.flatnonzero(program.held_columns() & (lower < upper))
    if not len(entering):
        return
    moving, directions = program.directions(entering)
    found = nearest_along(vertex.values, moving, directions, weights, (lower, upper))
    expected = QuadraticProgram(matrix, weights).solve(np.zeros(len(lower)), lower, upper)
    if found is not None and expected.status == "optimal":
        assert np.abs(matrix @ found).max() < 1e-8
        assert np.all((found >= lower - 1e-9) & (found <= upper + 1e-9))
        assert found == pytest.approx(expected.values, abs=1e-6)


def test_it_rarely_gives_up():
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        matrix = rng.integers(-1, 2, (6, 14)).astype(float)
        program, lower, upper = LinearProgram(matrix, rng.normal(size=14)), np.full(14, -3.0), np.full(14, 3.0)
        lower[rng.random(14) < 0.6] = 0.0
        vertex = program.solve(lower, upper).values
        moving, directions = program.directions(np.flatnonzero(program.held_columns()))
        point = nearest_along(vertex, moving, directions, np.ones(14), (lower, upper))
        assert point is None or point == pytest.approx(
            QuadraticProgram(scipy.sparse.csc_array(matrix), np.ones(14)).solve(np.zeros(14), lower, upper).values,
            abs=1e-8,
        )
        found.append(point is not None)
    assert sum(found) >= 11
