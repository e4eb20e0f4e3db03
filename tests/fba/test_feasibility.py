import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError
from metagnn.fba import FeasibilityScreen
from metagnn.optimize import LinearProgram
from tests.copies_and_threads import COPIES, in_threads, in_workers


def _by_solver(network, lower, upper):
    program = LinearProgram(network.stoichiometry.to_scipy(), np.zeros(len(network.reactions)))
    return [program.solve(low, high).status == "optimal" for low, high in zip(lower, upper, strict=True)]


def test_agrees_with_the_solver_on_media_near_and_far_from_the_border(core):
    screen, rng = FeasibilityScreen(core), np.random.default_rng(0)
    names = ["EX_glc__D_e", "EX_gln__L_e", "EX_lac__D_e", "EX_o2_e"]
    seen = set()
    for scale in (1.0, 0.3, 0.1, 0.3):
        lower, upper = core.uptake_bounds(names, scale * rng.uniform(0, [10, 10, 10, 20], (150, 4)))
        answer = screen.feasible(lower, upper)
        assert answer.tolist() == _by_solver(core, lower, upper)
        seen |= set(answer.tolist())
    assert seen == {True, False}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_agrees_with_the_solver_on_random_networks_and_any_bounds(make_random_network, seed):
    network, rng = make_random_network(seed), np.random.default_rng(seed)
    screen = FeasibilityScreen(network)
    for _ in range(3):
        lower = np.repeat(network.bounds.lower[None], 15, axis=0)
        upper = np.repeat(network.bounds.upper[None], 15, axis=0)
        moved = rng.choice(lower.shape[1], 4, replace=False)
        lower[:, moved] = rng.integers(-4, 2, (15, 4))
        upper[:, moved] = rng.integers(0, 4, (15, 4))
        upper[:, moved[0]] = np.inf
        expected = _by_solver(network, lower, upper)
        assert screen.feasible(lower, upper).tolist() == expected
        # A second look has proofs for all of it, and single rows agree with the batch.
        assert screen.feasible(lower, upper).tolist() == expected
        assert [bool(screen.feasible(lower[[r]], upper[[r]])[0]) for r in range(15)] == expected


def test_what_was_proved_needs_no_solver_again(core, monkeypatch):
    screen = FeasibilityScreen(core)
    uptakes = np.array([[10.0, 20.0], [0.0, 0.0], [0.1, 0.0], [5.0, 10.0]])
    lower, upper = core.uptake_bounds(["EX_glc__D_e", "EX_o2_e"], uptakes)
    first = screen.feasible(lower, upper)
    assert first.tolist() == [True, False, False, True]

    def refuse(*_):
        raise AssertionError("solved again")

    monkeypatch.setattr(LinearProgram, "solve", refuse)
    assert screen.feasible(lower, upper).tolist() == first.tolist()
    # More of everything stays feasible, less of everything infeasible.
    lower, upper = core.uptake_bounds(["EX_glc__D_e", "EX_o2_e"], np.array([[11.0, 21.0], [0.05, 0.0]]))
    assert screen.feasible(lower, upper).tolist() == [True, False]


def test_crossed_bounds_empty_batches_and_wrong_shapes(core):
    screen = FeasibilityScreen(core)
    lower, upper = core.bounds.lower[None].copy(), core.bounds.upper[None].copy()
    assert screen.feasible(lower, upper).tolist() == [True]
    crossed = lower.copy()
    crossed[0, 3] = upper[0, 3] + 1
    assert screen.feasible(crossed, upper).tolist() == [False]
    both = np.vstack([lower, crossed])
    assert screen.feasible(both, np.vstack([upper, upper])).tolist() == [True, False]
    assert screen.feasible(lower[:0], upper[:0]).shape == (0,)
    with pytest.raises(InputError, match=r"expected \[samples, 95\] each"):
        screen.feasible(lower[:, :5], upper[:, :5])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_the_verdict_on_a_row_depends_on_no_other_row(make_random_network, seed):
    network, rng = make_random_network(seed), np.random.default_rng(seed)
    lower = np.repeat(network.bounds.lower[None], 24, axis=0)
    upper = np.repeat(network.bounds.upper[None], 24, axis=0)
    moved = rng.choice(lower.shape[1], 4, replace=False)
    lower[:, moved] = rng.integers(-2, 2, (24, 4))
    upper[:, moved] = lower[:, moved] + rng.integers(0, 3, (24, 4))
    # Rows at, just within and just outside what the tolerance allows.
    shift = rng.choice([0.0, 1e-12, 3e-10, 8e-10, 1.5e-9, 4e-9, 3e-8], (24, 4)) * rng.choice([-1, 1], (24, 4))
    lower[:, moved], upper[:, moved] = lower[:, moved] + shift, upper[:, moved] + shift
    alone = [bool(FeasibilityScreen(network).feasible(lower[[row]], upper[[row]])[0]) for row in range(24)]
    screen = FeasibilityScreen(network)
    for _ in range(3):
        order = rng.permutation(24)
        assert screen.feasible(lower[order], upper[order]).tolist() == [alone[row] for row in order]


def test_a_bound_may_be_missed_by_the_tolerance_and_no_more(make_network):
    network = make_network(np.array([[-1.0, -1.0]]), np.array([-10.0, 0.0]), np.array([0.0, 10.0]), exchanges=1)
    short = np.array([0.0, 1.9e-9, 2.1e-9, 1e-3])
    lower, upper = np.array([[-1.0, 1.0 + gap] for gap in short]), np.array([[0.0, 10.0]] * 4)
    for rows in (slice(None), slice(None, None, -1)):
        assert (
            FeasibilityScreen(network).feasible(lower[rows], upper[rows]).tolist() == [True, True, False, False][rows]
        )


def _core_batches(core, batches, samples=40):
    rng = np.random.default_rng(0)
    names = ["EX_glc__D_e", "EX_gln__L_e", "EX_lac__D_e", "EX_o2_e"]
    scales = rng.choice([1.0, 0.3, 0.1], batches)
    return [core.uptake_bounds(names, s * rng.uniform(0, [10, 10, 10, 20], (samples, 4))) for s in scales]


def _verdicts(screen, bounds):
    return screen.feasible(*bounds)


def test_eight_threads_and_two_workers_on_one_screen_give_the_serial_verdicts(core):
    batches = _core_batches(core, 32)
    screen = FeasibilityScreen(core)
    expected = np.array([screen.feasible(*bounds) for bounds in batches])
    assert 0.2 < expected.mean() < 0.98
    work = functools.partial(_verdicts, FeasibilityScreen(core))
    assert np.array_equal(in_threads(work, batches), expected)
    assert np.array_equal(in_workers(work, batches), expected)
    for duplicate in COPIES:
        assert np.array_equal(duplicate(screen).feasible(*batches[0]), expected[0])
