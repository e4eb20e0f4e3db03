import copy
import functools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork
from metagnn.network.compression import compress
from metagnn.optimize import QuadraticProgram
from metagnn.optimize.interior_point import InteriorPoint, InteriorSolution
from metagnn.testing import random_network
from tests.copies_and_threads import COPIES, in_threads, in_workers

Problem = tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]


def independent_rows(network: MetabolicNetwork) -> np.ndarray:
    return compress(network.stoichiometry).balance


def draw(columns: int, seed: int) -> Problem:
    """Weights, target, and bounds that zero lies inside of; some are missing."""
    rng = np.random.default_rng(seed)
    lower = -rng.choice([0.5, 1.0, 4.0, np.inf], columns)
    bounds = lower, rng.choice([0.5, 1.0, 4.0, np.inf], columns)
    return np.exp(rng.normal(size=columns)), 5 * rng.normal(size=columns), bounds


def assert_near(weights: np.ndarray, values: np.ndarray, others: np.ndarray) -> None:
    """As near as the duality gap of 1e-7 promises: where a bound is barely active, less than that in the values."""
    assert 0.5 * weights @ (values - others) ** 2 < 3e-7
    assert values == pytest.approx(others, abs=1e-4)


def assert_optimal(matrix: np.ndarray, problem: Problem, found: InteriorSolution | None, right=None) -> None:
    weights, target, bounds = problem
    reference = QuadraticProgram(matrix, weights).solve(target, *bounds, right)
    assert found is not None
    assert reference.status == "optimal"
    assert_near(weights, found.values, reference.values)
    # Which bounds are active is what the active-set method starts from; at a kink either answer is right.
    clear = (np.abs(reference.bound_multipliers) > 1e-3) | (reference.side == 0)
    gap = np.minimum(reference.values - bounds[0], bounds[1] - reference.values)
    clear &= (gap > 1e-3) | (reference.side != 0)
    assert np.array_equal(found.side[clear], reference.side[clear])
    free = found.side == 0
    assert (weights * found.values - target - matrix.T @ found.multipliers)[free] == pytest.approx(0, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), moved=st.booleans())
def test_its_optimum_is_the_quadratic_programs(seed: int, moved: bool):
    matrix = independent_rows(random_network(seed))
    problem = draw(matrix.shape[1], seed)
    rng = np.random.default_rng(seed)
    right = matrix @ rng.uniform(-0.4, 0.4, matrix.shape[1]) if moved else None
    assert_optimal(matrix, problem, InteriorPoint(matrix).solve(*problem, right), right)


def test_its_optimum_on_core_is_the_quadratic_programs(core: MetabolicNetwork):
    matrix, rng = core.stoichiometry.to_dense().numpy(), np.random.default_rng(0)
    for _ in range(3):
        weights, target = np.exp(rng.normal(size=95)), 5 * rng.normal(size=95)
        problem = weights, target, (core.bounds.lower, core.bounds.upper)
        found = InteriorPoint(matrix).solve(*problem)
        assert found is not None
        reference = QuadraticProgram(matrix, weights).solve(target, core.bounds.lower, core.bounds.upper)
        assert found.values == pytest.approx(reference.values, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@example(seed=101874)
def test_one_prepared_solver_gives_what_fresh_ones_give(seed: int):
    matrix, rng = independent_rows(random_network(seed)), np.random.default_rng(seed)
    # Exact, for two answers that both miss the minimum by 1e-7 may be farther apart than either is from it.
    prepared = InteriorPoint(matrix, exact=True)
    weights, target, bounds = draw(matrix.shape[1], seed)
    right = None
    # One thing after another changes; bounds come and go between finite and none.
    for change in ("nothing", "target", "bounds", "weights", "right", "bounds", "right", "weights", "target"):
        new_weights, new_target, new_bounds = draw(matrix.shape[1], int(rng.integers(2**32)))
        target = new_target if change == "target" else target
        bounds = new_bounds if change == "bounds" else bounds
        weights = new_weights if change == "weights" else weights
        if change == "right":
            right = matrix @ rng.uniform(-0.4, 0.4, len(target)) if right is None else None
        repeated = prepared.solve(weights, target, bounds, right)
        fresh = InteriorPoint(matrix, exact=True).solve(weights, target, bounds, right)
        assert repeated is not None
        assert fresh is not None
        assert_near(weights, repeated.values, fresh.values)
        assert_optimal(matrix, (weights, target, bounds), repeated, right)


def test_what_it_was_given_is_left_alone_and_what_it_returned_too():
    matrix, problem = np.array([[1.0, -1.0, 2.0]]), draw(3, 0)
    kept = copy.deepcopy(problem)
    solver = InteriorPoint(matrix)
    first = solver.solve(*problem)
    assert first is not None
    values = first.values.copy()
    assert solver.solve(problem[0], -problem[1], problem[2]) is not None
    assert np.array_equal(first.values, values)
    for before, after in zip((*kept[:2], *kept[2]), (*problem[:2], *problem[2]), strict=True):
        assert np.array_equal(before, after)
    # The caller may change its weights in place.
    problem[0][:] *= 3.0
    assert_optimal(matrix, problem, solver.solve(*problem))


def test_an_infeasible_problem_has_no_solution_and_spoils_not_the_next():
    chain = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    solver, weights, target = InteriorPoint(chain), np.ones(3), np.array([4.0, 1.0, 1.0])
    feasible = np.zeros(3), np.array([10.0, 1.5, 10.0])
    never = np.array([0.0, 0.0, 2.0]), feasible[1]
    for bounds in (feasible, never, feasible, never, never, feasible):
        found = solver.solve(weights, target, bounds)
        if bounds is never:
            assert found is None
            assert solver.status == "PIQP_PRIMAL_INFEASIBLE"
        else:
            assert found is not None
            assert found.values == pytest.approx([1.5] * 3, abs=1e-7)
            assert found.side.tolist() == [0, 1, 0]
            assert solver.status == "PIQP_SOLVED"


def _batch(core: MetabolicNetwork, count: int) -> list[Problem]:
    rng, bounds = np.random.default_rng(0), (core.bounds.lower, core.bounds.upper)
    return [(np.exp(rng.normal(size=95)), 5 * rng.normal(size=95), bounds) for _ in range(count)]


def _values(solver: InteriorPoint, problem: Problem) -> np.ndarray:
    solver.restart()
    found = solver.solve(*problem)
    assert found is not None
    return np.concatenate([found.values, found.multipliers, found.side])


def test_threads_copies_and_workers_give_the_serial_values_bit_for_bit(core: MetabolicNetwork):
    solver, problems = InteriorPoint(core.stoichiometry.to_scipy()), _batch(core, 16)
    work = functools.partial(_values, solver)
    expected = np.array([work(problem) for problem in problems])
    assert np.array_equal(in_threads(work, problems), expected)
    assert np.array_equal(in_workers(work, problems), expected)
    for duplicate in COPIES:
        assert np.array_equal(_values(duplicate(solver), problems[0]), expected[0])


def test_threads_that_share_one_solver_change_each_others_values_by_rounding_alone(core: MetabolicNetwork):
    solver, problems = InteriorPoint(core.stoichiometry.to_scipy(), exact=True), _batch(core, 40)
    expected = [InteriorPoint(core.stoichiometry.to_scipy(), exact=True).solve(*problem) for problem in problems]
    found = in_threads(lambda problem: solver.solve(*problem), problems)
    for problem, one, other in zip(problems, expected, found, strict=True):
        assert one is not None
        assert other is not None
        assert_near(problem[0], one.values, other.values)
