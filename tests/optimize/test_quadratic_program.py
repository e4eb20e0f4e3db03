import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError
from metagnn.optimize import LinearProgram, QuadraticProgram, interior_point


def _problem(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (5, 11)).astype(float) * (rng.random((5, 11)) < 0.5)
    matrix[-1] = matrix[0] - matrix[1]
    lower, upper = -rng.integers(0, 3, 11).astype(float), rng.integers(0, 4, 11).astype(float)
    return matrix, rng.normal(0, 4, 11), lower, upper, rng.uniform(0.1, 3, 11), rng


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_solution_meets_every_optimality_condition_to_round_off(seed):
    matrix, target, lower, upper, weights, rng = _problem(seed)
    row_values = matrix @ rng.uniform(lower, upper)
    found = QuadraticProgram(matrix, weights).solve(target, lower, upper, row_values)
    assert found.status == "optimal"
    v, y, z = found.values, found.multipliers, found.bound_multipliers
    assert np.abs(matrix @ v - row_values).max() < 1e-9
    assert np.all(v >= lower - 1e-9)
    assert np.all(v <= upper + 1e-9)
    assert np.abs(weights * v - target - matrix.T @ y - z).max() < 1e-8
    open_columns = lower < upper
    assert np.all(z[open_columns & (v > lower + 1e-7)] <= 1e-7)
    assert np.all(z[open_columns & (v < upper - 1e-7)] >= -1e-7)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_infeasible_exactly_where_the_linear_program_says_so(seed):
    matrix, target, lower, upper, weights, rng = _problem(seed)
    row_values = matrix @ rng.uniform(lower, upper) + matrix[:, 3] * rng.integers(0, 9)
    linear = LinearProgram(matrix, np.zeros(11), row_lower=row_values, row_upper=row_values).solve(lower, upper)
    assert QuadraticProgram(matrix, weights).solve(target, lower, upper, row_values).status == linear.status


def test_a_face_without_interior_is_solved():
    # The rows force v2 + v3 = 0 between bounds of zero: no strictly feasible point, and the last row is double.
    matrix = np.array([[1.0, -1.0, -1.0, 0.0], [1.0, -1.0, 0.0, 1.0], [2.0, -2.0, -1.0, 1.0]])
    found = QuadraticProgram(matrix).solve(np.array([4.0, 0.0, 1.0, 1.0]), np.zeros(4), np.full(4, 9.0))
    assert found.status == "optimal"
    assert found.values == pytest.approx([2.0, 2.0, 0.0, 0.0], abs=1e-12)


def test_infinite_bounds_and_no_open_column():
    program = QuadraticProgram([[1.0, 1.0]])
    free = program.solve(np.array([2.0, 0.0]), np.full(2, -np.inf), np.full(2, np.inf))
    assert free.values == pytest.approx([1.0, -1.0])
    assert program.solve(np.zeros(2), np.array([1.0, -1.0]), np.array([1.0, -1.0])).values.tolist() == [1.0, -1.0]
    assert program.solve(np.zeros(2), np.ones(2), np.ones(2)).status == "infeasible"
    assert program.solve(np.zeros(2), np.ones(2), np.zeros(2)).status == "infeasible"


def test_large_sparse_problem_takes_the_sparse_path(core):
    matrix = core.stoichiometry.to_scipy()
    copies = 5
    blocks = np.kron(np.eye(copies), matrix.toarray())
    rng = np.random.default_rng(0)
    target = rng.normal(0, 10, blocks.shape[1])
    lower, upper = np.tile(core.bounds.lower, copies), np.tile(core.bounds.upper, copies)
    together = QuadraticProgram(blocks).solve(target, lower, upper)
    alone = QuadraticProgram(matrix)
    parts = [alone.solve(part, core.bounds.lower, core.bounds.upper).values for part in np.split(target, copies)]
    assert together.status == "optimal"
    assert np.abs(together.values - np.concatenate(parts)).max() < 1e-9


def test_bad_weights_are_refused():
    for weights in (np.array([1.0, -1.0]), np.array([1.0, np.inf]), np.ones(3)):
        with pytest.raises(InputError, match="`weights` must be 2 finite numbers ≥ 0"):
            QuadraticProgram([[1.0, 1.0]], weights)


def test_a_column_without_weight_follows_the_others():
    # s = a + 2 b ≤ 4 with a weight of zero: the nearest point of a half plane.
    program = QuadraticProgram([[1.0, 2.0, -1.0]], np.array([1.0, 1.0, 0.0]))
    for limit, nearest in ((4.0, [2.8, 0.6, 4.0]), (np.inf, [3.0, 1.0, 5.0])):
        found = program.solve(np.array([3.0, 1.0, 0.0]), np.full(3, -np.inf), np.array([np.inf, np.inf, limit]))
        np.testing.assert_allclose(found.values, nearest, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_no_other_feasible_point_is_nearer(seed):
    matrix, target, lower, upper, weights, rng = _problem(seed)
    found = QuadraticProgram(matrix, weights).solve(target, lower, upper)
    assume(found.status == "optimal")

    def cost(v):
        return 0.5 * v @ (weights * v) - target @ v

    for _ in range(5):
        vertex = LinearProgram(matrix, rng.normal(size=11)).solve(lower, upper)
        assert vertex.status == "optimal"
        assert cost(found.values) <= cost(vertex.values) + 1e-7


@pytest.mark.parametrize("seed", range(8))
def test_an_interior_point_solver_that_runs_out_of_steps_does_not_change_the_optimum(seed, monkeypatch):
    matrix, target, lower, upper, weights, rng = _problem(seed)
    row_values = matrix @ rng.uniform(lower, upper)
    whole = QuadraticProgram(matrix, weights).solve(target, lower, upper, row_values)
    monkeypatch.setattr(interior_point, "MOST_STEPS", 4)
    short = QuadraticProgram(matrix, weights).solve(target, lower, upper, row_values)
    assert short.status == whole.status == "optimal"
    assert np.allclose(short.values, whole.values, rtol=0, atol=1e-11)
