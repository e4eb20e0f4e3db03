import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.plain_optimum import PlainOptimum, tie_costs
from metagnn.optimize import LinearProgram
from tests.fba.conftest import random_network


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_it_has_the_growth_of_the_linear_program_and_is_cheapest_among_its_optima(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    matrix = network.stoichiometry.to_scipy().tocsc()
    objective, stated = np.eye(matrix.shape[1])[-1], (network.bounds.lower, network.bounds.upper)
    lower, upper = network.uptake_bounds(network.exchanges, rng.uniform(0, 5, (4, 3)))
    engine, program = PlainOptimum(matrix, objective, np.arange(3), stated), LinearProgram(matrix, objective)
    fluxes, status = engine.solve(lower, upper, lambda done: None)
    costs = tie_costs(*stated)
    for v, said, low, high in zip(fluxes, status, lower, upper, strict=True):
        linear = program.solve(low, high)
        assert said == linear.status
        if said == "optimal":
            assert v[-1] == pytest.approx(linear.objective, abs=1e-8)
            assert np.abs(matrix @ v).max() < 1e-9
            low[-1] = high[-1] = v[-1]
            cheapest = LinearProgram(matrix, costs, sense="min").solve(low, high)
            if cheapest.status == "optimal":
                assert costs @ v <= cheapest.objective + 1e-5


def test_no_flux_lowers_the_costs_without_end():
    lower, upper = np.array([0.0, -np.inf, -np.inf, -5.0, -3.0]), np.array([np.inf, 0.0, np.inf, 5.0, 0.0])
    assert np.sign(tie_costs(lower, upper)).tolist() == [1, -1, 0, 1, -1]
