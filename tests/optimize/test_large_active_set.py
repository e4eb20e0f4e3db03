import numpy as np
import pytest

from metagnn.optimize import dual_active_set
from metagnn.optimize.dual_active_set import DualActiveSet
from metagnn.testing import random_network


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("decades", "far"), [(0.5, 1.0), (12.0, 1.0), (1.0, 1e6)])
def test_it_finds_what_extended_precision_finds(
    seed: int, decades: float, far: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, rng = random_network(seed, 20, 45), np.random.default_rng(seed)
    count = len(network.reactions)
    target, weight = far * rng.normal(size=count), 10 ** rng.uniform(-decades, decades, count)
    problem = target, -rng.uniform(0, 2, count), rng.uniform(0, 2, count), weight
    matrix = network.stoichiometry.to_scipy().toarray()
    expected = DualActiveSet(matrix).solve(*problem)
    monkeypatch.setattr(dual_active_set, "LONG_ENTRIES", 0)
    found = DualActiveSet(matrix).solve(*problem)
    assert found.status == expected.status == "optimal"
    assert np.abs(matrix @ found.values).max() <= 1e-11
    assert np.allclose(found.values, expected.values, rtol=0, atol=1e-7)


def test_bounds_that_exclude_each_other_and_a_spent_budget_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dual_active_set, "LONG_ENTRIES", 0)
    solver = DualActiveSet(np.array([[1.0, 1.0, -1.0]]))
    problem = np.zeros(3), np.array([0.0, 0.0, 3.0]), np.array([1.0, 1.0, 9.0]), np.ones(3)
    assert solver.solve(*problem).status == "infeasible"
    monkeypatch.setattr(dual_active_set, "MOST_PASSES", 0)
    assert solver.solve(*problem).status == dual_active_set.TIRED
