import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.growth_limits.growth_duals import GrowthProgram
from metagnn.network import MetabolicNetwork
from metagnn.testing import random_network, toy_network
from tests.copies_and_threads import COPIES, in_threads, in_workers

STEP = 1e-4


def differences(network: MetabolicNetwork, index: int, side: str) -> tuple[float, float]:
    """Gain and loss of growth by a small step of a bound."""
    program, growths = GrowthProgram(network), []
    for outward in (STEP, 0.0, -STEP):
        lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
        if side == "lower":
            lower[index] -= outward
        else:
            upper[index] += outward
        growths.append(program.solve(lower, upper).growth)
    more, now, less = growths
    return (more - now) / STEP, (now - less) / STEP


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_slopes_are_the_differences_of_growth_and_hold_the_reduced_cost_between_them(seed):
    network = random_network(seed)
    program = GrowthProgram(network)
    lower, upper = network.bounds.lower, network.bounds.upper
    duals = program.solve(lower, upper)
    for index in [*np.flatnonzero(duals.reduced_costs).tolist(), *range(0, len(network.reactions), 4)]:
        for side, bound, sign in (("lower", lower, -1.0), ("upper", upper, 1.0)):
            gain, loss = program.slopes(duals, lower, upper, index, side)
            assert 0.0 <= gain <= loss + 1e-9
            if np.isfinite(loss):
                assert (gain, loss) == pytest.approx(differences(network, index, side), abs=1e-5)
            cost = sign * duals.reduced_costs[index]
            if abs(duals.fluxes[index] - bound[index]) < 1e-9 and cost > 1e-9:
                assert gain - 1e-7 <= cost <= loss + 1e-7


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_growth_is_what_all_bounds_are_worth_together(seed):
    network = random_network(seed)
    duals = GrowthProgram(network).solve(network.bounds.lower, network.bounds.upper)
    held = np.where(duals.reduced_costs > 0, network.bounds.upper, network.bounds.lower)
    assert duals.reduced_costs @ held == pytest.approx(duals.growth, abs=1e-7)
    balances = network.stoichiometry.to_dense().numpy()
    objective = np.eye(len(network.reactions))[network.reaction_index("growth")]
    assert duals.reduced_costs == pytest.approx(objective - balances.T @ duals.shadow_prices, abs=1e-9)


def test_by_hand_two_nutrients_in_equal_parts_are_a_kink():
    network = toy_network(
        {"EX_a": "a <=>", "EX_b": "b <=>", "growth": "a + b ->"}, "growth", {"EX_a": (-5, 0), "EX_b": (-5, 0)}
    )
    program, bounds = GrowthProgram(network), network.bounds
    duals = program.solve(bounds.lower, bounds.upper)
    assert duals.growth == pytest.approx(5.0)
    for index in (0, 1):
        assert program.slopes(duals, bounds.lower, bounds.upper, index, "lower") == pytest.approx((0.0, 1.0))
    assert program.slopes(duals, bounds.lower, bounds.upper, 0, "upper") == (0.0, 0.0)


def test_a_bound_without_which_no_flux_is_left_is_lost_without_end():
    network = toy_network(
        {"EX_a": "a <=>", "use": "a ->", "growth": "a ->"}, "growth", {"EX_a": (-5, 0), "use": (5, 9)}
    )
    program, bounds = GrowthProgram(network), network.bounds
    duals = program.solve(bounds.lower, bounds.upper)
    assert duals.growth == pytest.approx(0.0)
    assert program.slopes(duals, bounds.lower, bounds.upper, 0, "lower") == (pytest.approx(1.0), np.inf)
    starved = program.solve(np.array([-4.0, 5.0, 0.0]), bounds.upper)
    assert starved.status == "infeasible"
    assert np.isnan([starved.growth, *starved.fluxes, *starved.reduced_costs, *starved.shadow_prices]).all()


def _growth(program, bounds):
    return program.solve(*bounds).growth


def test_threads_share_a_program_and_copies_and_workers_have_their_own(core):
    uptakes = np.random.default_rng(0).uniform(0, [12, 25], (40, 2))
    bounds = list(zip(*core.uptake_bounds(["EX_glc__D_e", "EX_o2_e"], uptakes), strict=True))
    program = GrowthProgram(core)
    expected = [_growth(program, pair) for pair in bounds]
    work = functools.partial(_growth, program)
    assert in_threads(work, bounds) == pytest.approx(expected, abs=1e-10, nan_ok=True)
    assert in_workers(work, bounds) == pytest.approx(expected, abs=1e-10, nan_ok=True)
    for duplicate in COPIES:
        assert _growth(duplicate(program), bounds[0]) == pytest.approx(expected[0], abs=1e-10)
