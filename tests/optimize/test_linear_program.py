import functools

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import IJO1366_RANGES
from metagnn.errors import InputError
from metagnn.optimize import LinearProgram
from tests.copies_and_threads import COPIES, in_threads, in_workers


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_optimum_and_reduced_costs_agree_with_scipy_for_bounds_changed_in_place(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (4, 9)).astype(float)
    objective = rng.normal(size=9)
    program = LinearProgram(matrix, objective, sense="max")
    for _ in range(4):
        lower, upper = -rng.integers(0, 5, 9).astype(float), rng.integers(0, 6, 9).astype(float)
        lower[0] = upper[0] = rng.integers(-1, 2)
        found = program.solve(lower, upper)
        reference = scipy.optimize.linprog(-objective, A_eq=matrix, b_eq=np.zeros(4), bounds=np.c_[lower, upper])
        assert found.status == ("optimal" if reference.status == 0 else "infeasible")
        if found.status == "optimal":
            assert found.objective == pytest.approx(-reference.fun, abs=1e-7)
            assert np.abs(matrix @ found.values).max() < 1e-8
            d = found.reduced_costs
            assert np.allclose(found.values[d > 1e-8], upper[d > 1e-8], atol=1e-9)
            assert np.allclose(found.values[d < -1e-8], lower[d < -1e-8], atol=1e-9)
            assert np.allclose(d, objective - matrix.T @ program.shadow_prices(), atol=1e-9)


def test_unbounded_and_infeasible_are_told_apart_and_leave_no_trace():
    program = LinearProgram([[1.0, -1.0]], [0.0, 1.0])
    infinite = np.full(2, np.inf)
    assert program.solve(np.zeros(2), infinite).status == "unbounded"
    infeasible = program.solve(np.array([5.0, 0.0]), np.array([6.0, 2.0]))
    assert infeasible.status == "infeasible"
    assert np.isnan(infeasible.values).all()
    assert infeasible.ray is not None
    # The ray proves it: yᵀA v cannot be zero within the bounds.
    combination = infeasible.ray @ np.array([[1.0, -1.0]])
    ends = np.sort([combination * [5.0, 0.0], combination * [6.0, 2.0]], axis=0).sum(axis=1)
    assert ends[0] * ends[1] > 0
    assert program.solve(np.zeros(2), np.array([3.0, 2.0])).objective == pytest.approx(2.0)
    assert program.solve(np.ones(2), np.zeros(2)).status == "infeasible"


def test_rows_have_bounds_and_one_solve_may_have_another_objective():
    program = LinearProgram([[1.0, 1.0]], [1.0, 0.0], "min", np.array([1.0]), np.array([np.inf]))
    assert program.solve(np.zeros(2), np.array([2.0, 0.25])).objective == pytest.approx(0.75)
    bounds = np.zeros(2), np.array([2.0, 0.25])
    assert program.solve(*bounds, np.array([0.0, 1.0])).objective == pytest.approx(0.0)
    assert program.solve(*bounds).objective == pytest.approx(0.75)
    with pytest.raises(InputError, match=r"`objective` has shape \(1,\); expected \(2,\)"):
        program.solve(*bounds, np.ones(1))


def test_bad_input_is_named():
    with pytest.raises(InputError, match="`sense` is 'up'; expected 'max' or 'min'"):
        LinearProgram([[1.0]], [1.0], "up")
    with pytest.raises(InputError, match=r"`objective` has shape \(2,\); expected \(1,\)"):
        LinearProgram([[1.0]], [1.0, 2.0])
    with pytest.raises(InputError, match=r"expected \(1,\) each"):
        LinearProgram([[1.0]], [1.0]).solve(np.zeros(2), np.zeros(2))


def test_the_hundredth_optimum_is_as_exact_as_the_first(iJO1366):
    S = iJO1366.stoichiometry.to_scipy()
    objective = np.zeros(S.shape[1])
    objective[iJO1366.reaction_index(iJO1366.growth_reaction)] = 1.0
    ranges = {name: (0, 5) if high == 10 else (0, high) for name, (_, high) in IJO1366_RANGES.items()}
    media = uniform_media(ranges, 310, seed=0)
    lower, upper = iJO1366.uptake_bounds(list(media), media.to_numpy())
    warm = LinearProgram(S, objective)
    for row in range(310):
        found = warm.solve(lower[row], upper[row])
        assert np.abs(S @ found.values).max() < 1e-9
    fresh = LinearProgram(S, objective).solve(lower[-1], upper[-1])
    assert abs(fresh.objective - found.objective) < 1e-10


def _core_program(core):
    objective = np.zeros(len(core.reactions))
    objective[core.reaction_index(core.growth_reaction)] = 1.0
    return LinearProgram(core.stoichiometry.to_scipy(), objective)


def _core_bounds(core, samples):
    uptakes = np.random.default_rng(0).uniform(0, [12, 25], (samples, 2))
    return list(zip(*core.uptake_bounds(["EX_glc__D_e", "EX_o2_e"], uptakes), strict=True))


def _from_the_start(program, bounds):
    program.restart()
    found = program.solve(*bounds)
    return [found.values, found.reduced_costs, program.shadow_prices()] if found.status == "optimal" else []


def test_threads_copies_and_workers_give_the_serial_optima_bit_for_bit(core):
    program, bounds = _core_program(core), _core_bounds(core, 48)
    work = functools.partial(_from_the_start, program)
    expected = [work(pair) for pair in bounds]
    for found in (in_threads(work, bounds), in_workers(work, bounds)):
        for one, other in zip(expected, found, strict=True):
            assert len(one) == len(other)
            assert all(map(np.array_equal, one, other))
    for duplicate in COPIES:
        assert all(map(np.array_equal, _from_the_start(duplicate(program), bounds[0]), expected[0]))


def test_warm_threads_reach_the_same_growth(core):
    program, bounds = _core_program(core), _core_bounds(core, 200)
    expected = [program.solve(*pair).objective for pair in bounds]
    found = in_threads(lambda pair: program.solve(*pair).objective, bounds)
    assert found == pytest.approx(expected, abs=1e-10, nan_ok=True)


def test_what_the_caller_changes_later_changes_no_program():
    matrix, objective, limit = scipy.sparse.csc_array([[1.0, -1.0]]), np.array([0.0, 1.0]), np.zeros(1)
    program = LinearProgram(matrix, objective, "max", limit, limit)
    matrix.data[:], objective[:], limit[:] = 0.0, -1.0, 7.0
    assert program.solve(np.zeros(2), np.array([3.0, 10.0])).objective == 3.0


def test_the_primal_simplex_finds_the_same_optimal_values_for_many_objectives(core):
    matrix = core.stoichiometry.to_scipy()
    dual, primal = (LinearProgram(matrix, np.zeros(matrix.shape[1]), primal=primal) for primal in (False, True))
    rng = np.random.default_rng(0)
    lower, upper = np.maximum(core.bounds.lower, -1000.0), np.minimum(core.bounds.upper, 1000.0)
    for _ in range(20):
        objective = rng.normal(size=matrix.shape[1])
        lower[core.outside_indices] = -rng.uniform(0, 10, len(core.outside_indices))
        found = [program.solve(lower, upper, objective) for program in (dual, primal)]
        assert found[0].status == found[1].status
        if found[0].status == "optimal":
            assert np.isclose(found[0].objective, found[1].objective, rtol=1e-9, atol=1e-7)


def test_from_an_anchor_no_digit_depends_on_earlier_solves():
    rng = np.random.default_rng(0)
    matrix = rng.integers(-2, 3, (6, 20)).astype(float)
    uppers = rng.uniform(0.5, 5.0, (12, 20))
    one, other = (LinearProgram(matrix, np.arange(20.0)) for _ in range(2))
    for program in (one, other):
        program.anchor(-np.ones(20), np.ones(20))
    found = [one.solve(-upper, upper).values for upper in uppers]
    for row in (5, 0, 11, 3, 5):
        assert np.array_equal(other.solve(-uppers[row], uppers[row]).values, found[row])
        plain = LinearProgram(matrix, np.arange(20.0)).solve(-uppers[row], uppers[row])
        assert np.arange(20.0) @ found[row] == pytest.approx(plain.objective)
