import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.reconciliation.smallest_change import WINDOW, ChangeFinder
from metagnn.testing import random_network, toy_network
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes


def least_cost(network, bounds, held, rates, deviations) -> float:
    """Least sum of changes in standard deviations, by another program: every window bends by what it has to."""
    count, known = len(network.reactions), len(held)
    S = network.stoichiometry.to_dense().numpy()
    pick = np.eye(count)[held]
    one, nothing = np.eye(known), np.zeros((len(S), known))
    # v, then by how much a window is missed: v − miss ≤ high and −v − miss ≤ −low.
    outside = np.block([[pick, -one], [-pick, -one]])
    edges = np.concatenate([rates + WINDOW * deviations, -(rates - WINDOW * deviations)])
    box = [(None, None) if i in held else (bounds[0][i], bounds[1][i]) for i in range(count)]
    found = scipy.optimize.linprog(
        np.concatenate([np.zeros(count), 1.0 / deviations]),
        A_ub=outside,
        b_ub=edges,
        A_eq=np.hstack([S, nothing]),
        b_eq=np.zeros(len(S)),
        bounds=box + [(0, None)] * known,
    )
    assert found.status == 0
    return float(found.fun)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_change_makes_measurements_feasible_and_no_smaller_one_does(seed):
    network, rng = random_network(seed), np.random.default_rng(seed)
    count = len(network.reactions)
    held = np.sort(rng.choice(count, 5, replace=False))
    bounds = network.bounds.lower.copy(), network.bounds.upper.copy()
    bounds[0][held], bounds[1][held] = -np.inf, np.inf
    measured, deviations = np.full(count, np.nan), np.full(count, np.nan)
    measured[held], deviations[held] = rng.normal(scale=30, size=5), rng.uniform(0.5, 2.0, 5)
    finder = ChangeFinder(network, bounds, held)
    changes = finder.find_changes("s", measured, deviations)
    # What is named moves to the edge of its window; its own window reaches to the nearest rate.
    changed = measured.copy()
    cost = 0.0
    for change in changes:
        at = network.reaction_index(change.reaction)
        assert change.measured == measured[at]
        cost += (abs(change.nearest - change.measured) - WINDOW * deviations[at]) / deviations[at]
        changed[at] = change.nearest
    assert cost == pytest.approx(least_cost(network, bounds, held, measured[held], deviations[held]), abs=1e-5)
    # With the changes made, nothing is left to change.
    wide = deviations * (1 + 1e-6) + 1e-5
    assert finder.find_changes("s", changed, wide) == ()


def test_the_one_rate_that_is_wrong_is_named_with_the_rate_that_the_others_ask_for():
    network = toy_network({"EX_a": "a <=>", "r": "a -> b", "EX_b": "b <=>", "s": "a -> c", "EX_c": "c <=>"})
    held = np.array([0, 2, 4])
    finder = ChangeFinder(network, (network.bounds.lower, network.bounds.upper), held)
    measured, deviations = np.full(5, np.nan), np.full(5, np.nan)
    measured[held], deviations[held] = [-3.0, 2.0, 9.0], [0.1, 0.1, 0.5]
    (change,) = finder.find_changes("one", measured, deviations)
    assert (change.sample, change.reaction, change.measured) == ("one", "EX_c", 9.0)
    # 3.3 come in at most and 1.7 leave as b at least.
    assert change.nearest == pytest.approx(1.6)


def test_measurements_that_can_be_met_need_no_change(core):
    truth = true_fluxes(core, 5)
    rates, deviations = table_of(core, truth, noise=0.0).on_network(core)
    finder = ChangeFinder(core, (core.bounds.lower, core.bounds.upper), np.flatnonzero(~np.isnan(rates[0])))
    for row in range(5):
        assert finder.find_changes(str(row), rates[row], deviations[row]) == ()
    gap = rates[0].copy()
    gap[core.reaction_index(MEASURED[2])] = np.nan
    assert finder.find_changes("gap", gap, deviations[0]) == ()
