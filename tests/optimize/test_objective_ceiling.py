import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize import LinearProgram
from metagnn.optimize.objective_ceiling import ObjectiveCeiling
from tests.fba.conftest import random_network


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_it_proves_optima_and_nothing_below_or_above_them(seed):
    network = random_network(seed)
    matrix, objective = network.stoichiometry.to_scipy().tocsc(), np.eye(len(network.reactions))[-1]
    found = LinearProgram(matrix, objective).solve(network.bounds.lower, network.bounds.upper)
    ceiling, bounds = ObjectiveCeiling(objective), (network.bounds.lower[None], network.bounds.upper[None])
    if found.status != "optimal":
        return
    assert not ceiling.reached(*bounds, found.values[None])[0]
    ceiling.add(found.reduced_costs)
    assert ceiling.reached(*bounds, found.values[None])[0]
    for wrong in (-1e-7, 1e-7):
        assert not ceiling.reached(*bounds, found.values[None] + wrong * objective)[0]


def test_a_cost_at_a_missing_bound_proves_nothing_unless_it_is_rounding():
    ceiling, bounds = ObjectiveCeiling(np.array([1.0, 0.0])), (np.zeros((1, 2)), np.array([[1.0, np.inf]]))
    ceiling.add(np.array([1.0, 1e-6]))
    assert not ceiling.reached(*bounds, np.array([[1.0, 5.0]]))[0]
    ceiling.add(np.array([1.0, 1e-15]))
    assert ceiling.reached(*bounds, np.array([[1.0, 5.0]]))[0]
    assert ceiling.reached(*bounds, np.array([[0.5, 5.0]]))[0] == pytest.approx(False)
