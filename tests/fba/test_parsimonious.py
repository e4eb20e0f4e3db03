import numpy as np
import pytest

from metagnn.fba.parsimonious import Optimum, ParsimoniousOptimum


def test_parsimony_takes_the_short_route_and_runs_backward_where_it_must(make_network):
    # Growth r5 needs m1. Routes from m0: r2 (direct, backward: m1 → m0) or r3 and r4 (two steps).
    matrix = np.array(
        [
            [-1.0, 0.0, 1.0, -1.0, 0.0, 0.0],
            [0.0, -1.0, -1.0, 0.0, 1.0, -1.0],
            [0.0, 0.0, 0.0, 1.0, -1.0, 0.0],
        ]
    )
    network = make_network(matrix, np.array([-5.0, 0, -3.0, 0, 0, 0]), np.full(6, 10.0), exchanges=2)
    S = network.stoichiometry.to_scipy().tocsc()
    parsimonious = ParsimoniousOptimum(S, 5, network.bounds.lower < 0)
    found = parsimonious.solve(network.bounds.lower, network.bounds.upper)
    assert found.values == pytest.approx([-5.0, 0.0, -3.0, 2.0, 2.0, 5.0])
    objective = np.eye(6)[5]
    assert Optimum(S, objective).solve(network.bounds.lower, network.bounds.upper).objective == pytest.approx(5.0)
    shut = network.bounds.close([0])
    assert parsimonious.solve(shut.lower, shut.upper).values == pytest.approx(np.zeros(6))


def test_infeasible_passes_through(make_network):
    network = make_network(np.array([[-1.0, -1.0]]), np.array([0.0, 1.0]), np.array([0.0, 2.0]), exchanges=1)
    S = network.stoichiometry.to_scipy().tocsc()
    found = ParsimoniousOptimum(S, 1, network.bounds.lower < 0).solve(network.bounds.lower, network.bounds.upper)
    assert found.status == "infeasible"
    assert np.isnan(found.values).all()
