import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis import suggest_medium
from metagnn.errors import InputError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.testing import random_network, toy_network

SALTS = {"EX_nh4_e": 1000, "EX_pi_e": 1000, "EX_h2o_e": 1000, "EX_h_e": 1000, "EX_co2_e": 1000}
PRICES = {"EX_glc__D_e": 1.0, "EX_ac_e": 0.2, "EX_gln__L_e": 2.5, "EX_o2_e": 0.05}


@pytest.fixture(scope="module")
def salts(core: MetabolicNetwork) -> MetabolicNetwork:
    return core.with_medium(SALTS)


def cost(medium: dict[str, float]) -> float:
    return sum(PRICES[name] * uptake for name, uptake in medium.items())


@pytest.mark.parametrize("budget", [3.0, 8.0, 20.0])
def test_no_medium_of_the_same_cost_grows_faster(salts: MetabolicNetwork, budget: float):
    found = suggest_medium(salts, budget, PRICES)
    assert found.cost == pytest.approx(cost(found.uptakes))
    assert found.cost <= budget + 1e-9
    random = np.random.default_rng(0)
    shares = random.dirichlet(np.full(len(PRICES), 0.7), 60)
    media = pd.DataFrame(budget * shares / np.array([*PRICES.values()]), columns=[*PRICES])
    media.loc[len(media)] = [found.uptakes.get(name, 0.0) for name in PRICES]
    with warnings.catch_warnings():
        # Some of the random media are infeasible, and rightly NaN.
        warnings.simplefilter("ignore")
        growth = simulate_fluxes(salts, media, "fba").growth
    assert growth.iloc[-1] == pytest.approx(found.growth, abs=1e-7)
    assert growth.max() == growth.iloc[-1]


def test_growth_is_concave_in_the_budget_and_its_slope_is_the_price_of_growth(salts: MetabolicNetwork):
    budgets = np.linspace(4.0, 30.0, 14)
    found = [suggest_medium(salts, float(budget), PRICES) for budget in budgets]
    growth = np.array([medium.growth for medium in found])
    steps = np.diff(growth) / np.diff(budgets)
    assert np.all(steps > 0)
    assert np.all(np.diff(steps) < 1e-7)
    slopes = np.array([medium.growth_per_cost for medium in found])
    assert np.all(slopes[:-1] >= steps - 1e-7)
    assert np.all(slopes[1:] <= steps + 1e-7)


def test_limits_hold_and_money_that_helps_no_more_is_not_spent(salts: MetabolicNetwork):
    limits = {"EX_glc__D_e": 3.0, "EX_ac_e": 0.0, "EX_gln__L_e": 1.0, "EX_o2_e": 100.0}
    found = suggest_medium(salts, 1e4, PRICES, limits)
    assert all(uptake <= limits[name] + 1e-9 for name, uptake in found.uptakes.items())
    assert "EX_ac_e" not in found.uptakes
    assert found.growth_per_cost == 0.0
    assert found.cost < 3.0 + 2.5 + 5.0
    # Oxygen in excess would be free of use: the cheapest medium buys none.
    growth = simulate_fluxes(salts, pd.DataFrame([{**found.uptakes, "EX_o2_e": 100.0}]), "fba").growth.iloc[0]
    assert growth == pytest.approx(found.growth, abs=1e-6)
    assert found.uptakes["EX_o2_e"] < 50.0


def test_by_hand_the_better_bargain_is_bought():
    network = toy_network(
        {"EX_a": "a <=>", "EX_b": "<=> b", "r": "a -> 2 c", "s": "b -> 3 c", "growth": "c ->"},
        "growth",
        {"EX_a": (0, 1000), "EX_b": (-1000, 0)},
    )
    prices = {"EX_a": 1.0, "EX_b": 2.0}
    found = suggest_medium(network, 10.0, prices)
    assert found.uptakes == {"EX_a": pytest.approx(10.0)}
    assert (found.growth, found.growth_per_cost) == (pytest.approx(20.0), pytest.approx(2.0))
    mixed = suggest_medium(network, 10.0, prices, {"EX_a": 4.0})
    assert mixed.uptakes == {"EX_a": pytest.approx(4.0), "EX_b": pytest.approx(3.0)}
    assert (mixed.growth, mixed.growth_per_cost) == (pytest.approx(17.0), pytest.approx(1.5))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), budget=st.floats(0.0, 50.0))
def test_flux_balance_analysis_confirms_any_network(seed: int, budget: float):
    network = random_network(seed)
    prices = {name: 1.0 + position for position, name in enumerate(network.exchanges)}
    # All that growth asks for: no flux is forced, so that nothing bought is feasible too.
    found = suggest_medium(network, budget, prices)
    assert found.cost <= budget + 1e-6
    assert found.growth >= -1e-9
    assert suggest_medium(network, 2 * budget, prices).growth >= found.growth - 1e-6


def test_bad_input_is_named(core: MetabolicNetwork):
    for budget in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match=r"`budget` is .*; expected a finite number"):
            suggest_medium(core, budget, PRICES)
    with pytest.raises(InputError, match="`prices` is empty"):
        suggest_medium(core, 1.0, {})
    with pytest.raises(InputError, match=r"`prices\['EX_ac_e'\]` is -1.0; expected"):
        suggest_medium(core, 1.0, {"EX_ac_e": -1.0})
    with pytest.raises(InputError, match="`limits` names 'EX_ac_e', which has no price"):
        suggest_medium(core, 1.0, {"EX_glc__D_e": 1.0}, {"EX_ac_e": 1.0})
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange"):
        suggest_medium(core, 1.0, {"EX_glc_e": 1.0})
    with pytest.raises(InputError, match="no medium within the budget of 0 keeps the network's bounds"):
        suggest_medium(core.with_medium(SALTS), 0.0, PRICES)
