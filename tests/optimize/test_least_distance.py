import numpy as np
import pytest

from metagnn.optimize.least_distance import nearest_along
from metagnn.optimize.linear_program import LinearProgram


def test_two_equal_routes_share_the_flux_and_a_closed_one_stays_closed():
    program = LinearProgram([[1.0, -1.0, -1.0, -1.0]], np.zeros(4))
    lower, upper = np.array([4.0, 0.0, 0.0, 0.0]), np.array([4.0, 9.0, 9.0, 0.0])
    vertex = program.solve(lower, upper).values
    entering = np.flatnonzero(program.held_columns() & (lower < upper))
    moving, directions = program.directions(entering)
    found = nearest_along(vertex, moving, directions, np.ones(4), (lower, upper))
    assert found.tolist() == pytest.approx([4.0, 2.0, 2.0, 0.0])
