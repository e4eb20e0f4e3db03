import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize.linear_program import LinearProgram
from metagnn.optimize.objectives_in_turn import ObjectivesInTurn
from tests.fba.conftest import random_network


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_it_is_an_optimum_of_each_in_turn_and_says_which_columns_cannot_move(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    matrix, lower, upper = network.stoichiometry.to_scipy().tocsc(), network.bounds.lower, network.bounds.upper
    first, second = np.eye(matrix.shape[1])[-1], -rng.uniform(1.0, 2.0, matrix.shape[1])
    status, both = ObjectivesInTurn(matrix, first, second, 1e5, np.arange(3)).solve(lower, upper)
    alone = LinearProgram(matrix, first).solve(lower, upper)
    assert status == alone.status
    if both is None:
        return
    values = both.found.values
    assert values[-1] == pytest.approx(alone.objective, abs=1e-8)
    low, high = lower.copy(), upper.copy()
    low[-1], high[-1] = max(low[-1], values[-1] - 1e-9), values[-1]
    assert second @ values == pytest.approx(LinearProgram(matrix, second).solve(low, high).objective, abs=1e-4)
    assert np.all((values - lower)[both.fixed[0]] < 1e-8)
    assert np.all((upper - values)[both.fixed[1]] < 1e-8)


def test_a_closed_column_that_could_make_another_optimum_is_shut_in_the_region():
    # Two routes of one cost; the second is closed, and opens in another program.
    program = ObjectivesInTurn(
        [[1.0, -1.0, -1.0]], np.array([1.0, 0.0, 0.0]), -np.array([0.0, 1.0, 1.0]), 1e5, np.zeros(1, int)
    )
    lower, upper = np.zeros(3), np.array([2.0, 9.0, 0.0])
    _, both = program.solve(lower, upper)
    region, row = program.region(both, lower, upper, 1e-10), np.zeros(1, dtype=np.int64)
    assert region.optima(lower[None], upper[None], row)[0].all()
    upper[2] = 9.0
    assert not region.optima(lower[None], upper[None], row)[0].any()
