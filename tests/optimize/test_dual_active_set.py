from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize import QuadraticProgram, extended_active_set
from metagnn.optimize.dual_active_set import DualActiveSet
from metagnn.studies.benchmarks.hostile_problems import feasible_fluxes
from metagnn.testing import random_network

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def draw(seed: int, decades: float) -> tuple[np.ndarray, Arrays]:
    """A random network, with bounds around a feasible flux: pins, boxes of 1e-12, wide ones."""
    network, rng = random_network(seed), np.random.default_rng(seed)
    flux = feasible_fluxes(network, 1, rng, corners=4)[0]
    room = rng.choice([0.0, 5e-13, 1e-3, 5.0, np.inf], size=(2, len(flux)))
    target, weight = 10 * rng.standard_normal(len(flux)), 10 ** rng.uniform(-decades, decades, len(flux))
    return network.stoichiometry.to_scipy().toarray(), (target, flux - room[0], flux + room[1], weight)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_is_the_quadratic_programs_optimum_where_that_is_exact(seed: int) -> None:
    matrix, (target, lower, upper, weight) = draw(seed, 0.5)
    found = DualActiveSet(matrix).solve(target, lower, upper, weight)
    reference = QuadraticProgram(matrix, weight).solve(weight * target, lower, upper)
    assert found.status == "optimal"
    if reference.status == "optimal":
        assert np.allclose(found.values, reference.values, rtol=0, atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), decades=st.sampled_from([0.5, 6.0, 12.0]))
def test_it_keeps_the_laws_and_no_other_point_is_nearer(seed: int, decades: float) -> None:
    matrix, (target, lower, upper, weight) = draw(seed, decades)
    solver = DualActiveSet(matrix)
    found = solver.solve(target, lower, upper, weight)
    assert found.status == "optimal"
    assert np.abs(matrix @ found.values).max() <= 1e-9 * max(1.0, np.abs(found.values).max())
    assert ((found.values >= lower) & (found.values <= upper)).all()
    gradient = weight * (found.values - target)
    for other in (-target, np.zeros_like(target)):
        toward = solver.solve(other, lower, upper, np.ones_like(weight)).values - found.values
        assert gradient @ toward >= -1e-9 * (np.abs(gradient) @ (np.abs(toward) + np.abs(target) + 1.0))


def exact_optimum(matrix: np.ndarray, problem: Arrays, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The optimum with the bounds of `side` held, and the forces on these, in rational arithmetic."""
    target, lower, upper, weight = ([Fraction(x) if np.isfinite(x) else None for x in part] for part in problem)
    A = [[Fraction(x) for x in row] for row in matrix]
    rows, columns = range(len(A)), range(len(side))
    free = [j for j in columns if side[j] == 0]
    value = [{0: target, -1: lower, 1: upper}[int(side[j])][j] for j in columns]
    table = [
        [sum(A[a][j] * A[b][j] / weight[j] for j in free) for b in rows] + [-sum(A[a][j] * value[j] for j in columns)]
        for a in rows
    ]
    pivots: dict[int, int] = {}
    for column in rows:
        row = next((r for r in rows if r not in pivots.values() and table[r][column] != 0), None)
        if row is None:
            continue
        pivots[column] = row
        table[row] = [x / table[row][column] for x in table[row]]
        for other in rows:
            if other != row and table[other][column] != 0:
                factor = table[other][column]
                table[other] = [x - factor * y for x, y in zip(table[other], table[row], strict=True)]
    dual = [table[pivots[column]][-1] if column in pivots else Fraction(0) for column in rows]
    pull = [sum(A[a][j] * dual[a] for a in rows) for j in columns]
    for j in free:
        value[j] += pull[j] / weight[j]
    force = [float(weight[j] * (value[j] - target[j]) - pull[j]) for j in columns]
    return np.array([float(x) for x in value]), np.array(force)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), decades=st.sampled_from([3.0, 12.0]), size=st.sampled_from([1.0, 1e6]))
def test_it_is_the_optimum_of_rational_arithmetic_for_weights_of_24_decades(seed: int, decades: float, size: float):
    network, rng = random_network(seed), np.random.default_rng(seed)
    matrix, count = network.stoichiometry.to_scipy().toarray(), len(network.reactions)
    bounds = network.bounds.lower, network.bounds.upper
    problem = (size * rng.standard_normal(count), *bounds, 10 ** rng.uniform(-decades, decades, count))
    found = DualActiveSet(matrix).solve(*problem)
    assert found.status == "optimal"
    value, force = exact_optimum(matrix, problem, found.side)
    scale = max(1.0, np.abs(value).max())
    assert np.allclose(found.values, value, rtol=0, atol=1e-12 * size * scale)
    assert (np.maximum(bounds[0] - value, value - bounds[1]) <= 1e-12 * scale).all()
    assert (found.side * force <= 1e-12 * problem[3] * (np.abs(value) + np.abs(problem[0]))).all()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_guess_leads_to_the_same_point(seed: int) -> None:
    matrix, problem = draw(seed, 3.0)
    solver = DualActiveSet(matrix)
    expected = solver.solve(*problem)
    wild = np.random.default_rng(seed).choice([-1, 0, 1], size=len(problem[0]))
    for guess in (wild, expected.side):
        found = solver.solve(*problem, guess)
        assert found.status == "optimal"
        assert np.allclose(found.values, expected.values, rtol=0, atol=1e-8)


def test_light_columns_carry_what_heavy_ones_forbid() -> None:
    # By hand: v0 + v1 = v2, and v2 weighs 1e24 times as much as v0.
    solver = DualActiveSet(np.array([[1.0, 1.0, -1.0]]))
    weight, none = np.array([1e-12, 1.0, 1e12]), np.full(3, np.inf)
    found = solver.solve(np.array([5.0, 5.0, 2.0]), -none, none, weight)
    assert found.values.tolist() == pytest.approx([-3.0, 5.0, 2.0], abs=1e-9)
    held = solver.solve(np.array([1e12, 5.0, 2.0]), np.zeros(3), np.array([1.0, 4.0, 3.0]), weight)
    assert held.values.tolist() == pytest.approx([0.0, 2.0, 2.0], abs=1e-9)


@pytest.mark.parametrize(("miss", "status"), [(1e-7, "infeasible"), (-1e-7, "infeasible"), (1e-13, "optimal")])
def test_pins_that_miss_a_balance_are_infeasible_unless_by_rounding(miss: float, status: str) -> None:
    solver = DualActiveSet(np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]))
    low, high = np.array([1.0, 0.0, 1.0 + miss]), np.array([1.0, 5.0, 1.0 + miss])
    found = solver.solve(np.zeros(3), low, high, np.ones(3))
    assert found.status == status
    assert (found.gap > 1e-10) == (status == "infeasible")


def test_bounds_that_contradict_each_other_are_found_after_some_steps() -> None:
    solver = DualActiveSet(np.array([[1.0, 1.0, -1.0]]))
    found = solver.solve(np.zeros(3), np.array([0.0, 0.0, 3.0]), np.array([1.0, 1.0, 9.0]), np.ones(3))
    assert found.status == "infeasible"
    assert np.isnan(found.values).all()


def test_a_problem_that_runs_out_of_work_fails_with_its_reason_and_always_the_same(monkeypatch: pytest.MonkeyPatch):
    network, rng = random_network(3), np.random.default_rng(3)
    count = len(network.reactions)
    problem = 10 * rng.normal(size=count), np.full(count, -1.0), np.full(count, 1.0), np.ones(count)
    solver = DualActiveSet(network.stoichiometry.to_scipy())
    assert solver.solve(*problem).status == "optimal"
    monkeypatch.setattr(extended_active_set, "MOST_WORK", 1)
    assert [solver.solve(*problem).status for _ in range(2)] == [extended_active_set.TIRED] * 2


@pytest.mark.parametrize("seed", range(4))
def test_bounds_taken_up_all_at_once_lead_to_the_same_point(seed: int, monkeypatch: pytest.MonkeyPatch):
    network, rng = random_network(seed), np.random.default_rng(seed)
    count = len(network.reactions)
    problem = 10 * rng.normal(size=count), np.full(count, -1.0), np.full(count, 1.0), np.exp(rng.normal(size=count))
    solver = DualActiveSet(network.stoichiometry.to_scipy())
    expected = solver.solve(*problem)
    monkeypatch.setattr(extended_active_set, "SMALL", 0)
    found = solver.solve(*problem)
    assert found.status == expected.status == "optimal"
    assert np.allclose(found.values, expected.values, rtol=0, atol=1e-9)
