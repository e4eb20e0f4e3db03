import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError
from metagnn.optimize.simplex import Simplex


def _program(rng, rows=4, columns=9):
    matrix = scipy.sparse.csc_array(rng.integers(-2, 3, (rows, columns)).astype(float))
    return matrix, rng.normal(size=columns), "max", (np.zeros(rows), np.zeros(rows))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_after_a_restart_every_digit_is_that_of_a_new_solver(seed):
    rng = np.random.default_rng(seed)
    parts = _program(rng)
    used = Simplex(*parts)
    for _ in range(5):
        lower, upper = -rng.integers(0, 5, 9).astype(float), rng.integers(0, 6, 9).astype(float)
        used.restart()
        found, fresh = used.solve(lower, upper), Simplex(*parts).solve(lower, upper)
        assert found.status == fresh.status
        assert np.array_equal(found.values, fresh.values, equal_nan=True)
        assert np.array_equal(found.reduced_costs, fresh.reduced_costs, equal_nan=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_status_and_optimum_do_not_depend_on_what_was_solved_before(seed):
    rng = np.random.default_rng(seed)
    parts = _program(rng)
    used = Simplex(*parts)
    for _ in range(6):
        lower, upper = -rng.integers(0, 5, 9).astype(float), rng.integers(0, 6, 9).astype(float)
        objective = rng.normal(size=9) if rng.random() < 0.5 else None
        found, fresh = used.solve(lower, upper, objective), Simplex(*parts).solve(lower, upper, objective)
        assert found.status == fresh.status
        assert found.objective == pytest.approx(fresh.objective, abs=1e-9, nan_ok=True)


def test_an_objective_of_one_solve_is_gone_in_the_next_even_after_an_unbounded_one():
    parts = scipy.sparse.csc_array([[1.0, -1.0]]), np.array([0.0, 1.0]), "max", (np.zeros(1), np.zeros(1))
    solver, other = Simplex(*parts), np.array([-1.0, 0.0])
    bounds = np.zeros(2), np.array([3.0, 10.0])
    assert solver.solve(*bounds, other).objective == 0.0
    assert solver.solve(*bounds).objective == 3.0
    assert solver.solve(-np.full(2, np.inf), np.full(2, np.inf), other).status == "unbounded"
    assert solver.solve(*bounds, other).objective == 0.0
    assert solver.solve(*bounds).objective == 3.0
    # What the caller does to its array later changes nothing.
    other[0] = 5.0
    assert solver.solve(*bounds).objective == 3.0


def test_shapes_that_do_not_fit_are_named():
    solver = Simplex(*_program(np.random.default_rng(0)))
    with pytest.raises(InputError, match=r"bounds have shapes \(3,\) and \(9,\); expected \(9,\) each"):
        solver.solve(np.zeros(3), np.ones(9))
    with pytest.raises(InputError, match=r"`objective` has shape \(3,\); expected \(9,\)"):
        solver.solve(np.zeros(9), np.ones(9), np.zeros(3))
