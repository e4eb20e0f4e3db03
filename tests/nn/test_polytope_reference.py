import numpy as np
import pytest

from metagnn.network.compression import compress
from metagnn.nn import polytope_reference
from metagnn.nn.polytope_reference import ReferenceNearest, keeps_laws
from metagnn.testing import random_network

Problem = tuple[np.ndarray, ...]


def make(seed: int) -> tuple[ReferenceNearest, Problem, Problem]:
    network, rng = random_network(seed), np.random.default_rng(seed)
    coupled = compress(network.stoichiometry).coupled
    count = len(network.reactions)
    problem = (10 * rng.normal(size=count), network.bounds.lower, network.bounds.upper, np.ones(count))
    expansion = coupled.expansion
    weight = (expansion**2).sum(axis=0)
    groups = (expansion.T @ problem[0] / weight, *coupled.group_bounds(*problem[1:3]), weight)
    return ReferenceNearest(network.stoichiometry.to_scipy(), coupled), problem, groups


def test_both_solvers_find_the_same_flux(monkeypatch: pytest.MonkeyPatch) -> None:
    solver, problem, groups = make(1)
    status, fluxes, side = solver.solve(problem, groups, large=False)
    monkeypatch.setattr(polytope_reference, "MOST_ENTRIES", 0)
    again, quadratic, held = make(1)[0].solve(problem, groups, large=False)
    assert status == again == "optimal"
    assert np.allclose(fluxes, quadratic, rtol=0, atol=1e-8)
    assert np.array_equal(side[groups[1] < groups[2]], held[groups[1] < groups[2]])


@pytest.mark.parametrize("dense", [True, False])
def test_no_flux_is_said_only_where_there_is_none(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not dense:
        monkeypatch.setattr(polytope_reference, "MOST_ENTRIES", 0)
    solver, problem, groups = make(2)
    target, _, _, weight = groups
    shut = np.full_like(problem[1], 1.0), np.full_like(problem[2], 1.0)
    status, fluxes, _ = solver.solve(
        (problem[0], *shut, problem[3]), (target, *np.ones((2, len(target))), weight), False
    )
    assert status == "infeasible"
    assert np.isnan(fluxes).all()


def test_fluxes_that_do_not_balance_or_are_unknown_keep_no_law() -> None:
    matrix = np.array([[1.0, -1.0]])
    fluxes = np.array([[2.0, 2.0], [2.0, 2.0 + 1e-7], [np.nan, np.nan], [1e9, 1e9 + 1e-4]])
    assert keeps_laws(matrix, fluxes).tolist() == [True, False, False, True]
