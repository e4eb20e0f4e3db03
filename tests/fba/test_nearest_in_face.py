import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.least_norm import held_by_dual
from metagnn.fba.nearest_in_face import NearestInFace
from metagnn.optimize import LinearProgram
from tests.fba.conftest import random_network


def _face(seed):
    """A random network, the face of its optima, a vertex of it, and growth."""
    network = random_network(seed)
    matrix = network.stoichiometry.to_scipy().tocsc()
    bounds = network.bounds.lower, network.bounds.upper
    linear = LinearProgram(matrix, np.eye(matrix.shape[1])[-1]).solve(*bounds)
    nearest = NearestInFace(matrix, np.arange(3), np.ones(matrix.shape[1]), np.zeros(matrix.shape[1], dtype=bool))
    return matrix, bounds, linear, nearest


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_the_point_has_the_growth_of_the_vertex_and_no_greater_norm(seed):
    matrix, bounds, linear, nearest = _face(seed)
    if linear.status != "optimal":
        return
    status, values, _ = nearest.solve(bounds, held_by_dual(linear), linear.values, False)
    assert status == "optimal"
    assert values[-1] == pytest.approx(linear.objective, abs=1e-8)
    assert np.abs(matrix @ values).max() < 1e-9
    assert values @ values <= linear.values @ linear.values + 1e-7


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_both_methods_find_one_point(seed):
    _, (lower, upper), linear, nearest = _face(seed)
    if linear.status != "optimal":
        return
    at_lower, at_upper = held_by_dual(linear)
    face = np.where(at_upper, upper, lower), np.where(at_lower, lower, upper)
    exact, quick = (nearest.among(*face, exact=exact) for exact in (True, False))
    assert exact is not None
    if quick is not None:
        assert quick == pytest.approx(exact, abs=1e-7)
