import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize import LinearProgram, critical_regions
from metagnn.optimize.critical_regions import CriticalRegion, CriticalRegions, basis_region
from tests.copies_and_threads import COPIES, in_threads


def _interval(slope):
    """v0 is held at its upper bound and v1 = slope · v0 follows."""
    zero = np.zeros(2)
    return CriticalRegion(zero, zero, np.array([1, 0]), np.array([0]), np.array([[1.0, slope]]), 1e-9)


def test_a_region_decides_exactly_the_programs_whose_optimum_it_gives():
    lower, upper = np.zeros((4, 2)), np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [0.0, 5.0]])
    holds, optima = _interval(2.0).optima(lower, upper, np.array([0, 1, 2, 3]))
    assert holds.tolist() == [True, True, False, True]
    assert optima.tolist() == [[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]]
    # Programs in another order, and not all of them.
    assert _interval(2.0).optima(lower, upper, np.array([2, 0]))[0].tolist() == [False, True]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_witnesses_change_no_decision(seed):
    rng = np.random.default_rng(seed)
    region = CriticalRegion(
        rng.normal(size=6), np.zeros(6), np.array([1, -1, 0, 0, 0, 0]), np.arange(2), rng.normal(size=(2, 6)), 1e-9
    )
    lower = -rng.uniform(0, 4, (200, 6))
    upper = rng.uniform(0, 4, (200, 6))
    lower[:, 2:] = np.maximum(lower[:, 2:], -2.0)
    with pytest.MonkeyPatch.context() as patch:
        plain = region.optima(lower, upper, np.arange(200))
        patch.setattr(critical_regions, "SMALL", 0)
        for _ in range(3):
            holds, optima = region.optima(lower, upper, np.arange(200))
            assert np.array_equal(holds, plain[0])
            assert np.array_equal(optima, plain[1])
    assert len(region.witnesses) == len(set(region.witnesses.tolist()))
    assert len(region.witnesses) or plain[0].all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_slopes_are_the_differences_of_optima_that_share_a_basis(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (4, 9)).astype(float)
    program = LinearProgram(matrix, rng.normal(size=9))
    lower, upper = -np.ones(9), rng.uniform(0.5, 1.5, 9)
    at = program.solve(lower, upper)
    held = np.flatnonzero(program.held_columns())
    movable, slopes = program.slopes(held)
    assert np.abs(matrix @ slopes.T).max(initial=0.0) < 1e-9
    assert set(movable) <= set(held)
    for column, slope in zip(movable, slopes, strict=True):
        nudged = upper.copy() if at.values[column] == upper[column] else lower.copy()
        nudged[column] += 1e-6
        bounds = (lower, nudged) if at.values[column] == upper[column] else (nudged, upper)
        predicted = at.values + 1e-6 * slope
        if np.all((predicted >= bounds[0]) & (predicted <= bounds[1])):
            assert program.solve(*bounds).objective == pytest.approx(
                at.objective + 1e-6 * (at.reduced_costs[column]), abs=1e-11
            )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_what_the_region_of_a_basis_decides_is_as_good_as_solved(seed):
    rng = np.random.default_rng(seed)
    matrix, objective = rng.integers(-2, 3, (4, 9)).astype(float), rng.normal(size=9)
    program, fresh = (LinearProgram(matrix, objective) for _ in range(2))
    lower, upper = np.tile(-np.ones(9), (50, 1)), np.tile(np.ones(9), (50, 1))
    upper[:, :3] = rng.uniform(0.2, 1.5, (50, 3))
    found = program.solve(lower[0], upper[0])
    region = basis_region(program, found, (lower[0], upper[0]), np.arange(3), 1e-10)
    holds, optima = region.optima(lower, upper, np.arange(50))
    assert holds[0]
    for row, values in zip(np.flatnonzero(holds), optima, strict=True):
        assert objective @ values == pytest.approx(fresh.solve(lower[row], upper[row]).objective, abs=1e-8)
        assert np.abs(matrix @ values).max() < 1e-9


def test_learning_stops_where_regions_serve_nobody(monkeypatch):
    monkeypatch.setattr(critical_regions, "TRIAL", 5)
    asked = []

    def solve_one(lower, upper, learn):
        asked.append(learn)
        nowhere = CriticalRegion(upper, upper, np.array([1]), np.zeros(0, dtype=int), np.zeros((0, 1)), 0.0)
        return "optimal", upper, nowhere if learn else None

    upper = np.arange(20.0)[:, None]
    values, status = CriticalRegions().solve(upper - 1, upper, solve_one, lambda done: None)
    assert asked == [True] * 5 + [False] * 15
    assert np.array_equal(values, upper)
    assert status == ["optimal"] * 20


def test_every_thread_learns_its_own_regions_and_a_copy_starts_without_any():
    rng = np.random.default_rng(0)
    matrix, objective = rng.integers(-2, 3, (4, 9)).astype(float), rng.normal(size=9)
    program, regions, solved = LinearProgram(matrix, objective), CriticalRegions(), []
    lower, upper = np.tile(-np.ones(9), (60, 1)), np.tile(np.ones(9), (60, 1))
    upper[:, :3] = rng.uniform(0.2, 1.5, (60, 3))

    def solve_one(low, high, learn):
        solved.append(threading.get_ident())
        found = program.solve(low, high)
        region = basis_region(program, found, (low, high), np.arange(3), 1e-10) if learn else None
        return found.status, found.values, region

    def solve(known):
        values, status = known.solve(lower, upper, solve_one, lambda done: None)
        assert set(status) == {"optimal"}
        return values @ objective

    first = solve(regions)
    assert 0 < len(solved) < 60
    solved.clear()
    assert solve(regions) == pytest.approx(first, abs=1e-9)
    assert not solved
    for growth in in_threads(lambda _: solve(regions), range(16)):
        assert growth == pytest.approx(first, abs=1e-9)
    assert threading.get_ident() not in solved
    for duplicate in COPIES:
        solved.clear()
        assert solve(duplicate(regions)) == pytest.approx(first, abs=1e-9)
        assert solved
