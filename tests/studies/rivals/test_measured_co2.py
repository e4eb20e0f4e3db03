import numpy as np
import pandas as pd
import pytest

from metagnn.fba.simulate import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.studies.rivals.measured_co2 import CO2_RIVALS, Chemostats, predictor_hidden, predictor_learned
from metagnn.studies.rivals.measured_predictor import QUICK_EFFORT


@pytest.fixture(scope="module")
def exact(core: MetabolicNetwork) -> Chemostats:
    """Chemostats that are the optima of the network: all its balances close with its own biomass."""
    fluxes = simulate_fluxes(core, pd.DataFrame({"EX_glc__D_e": np.linspace(3.0, 10.0, 7)}), "min_norm").fluxes
    names = [name for name in core.exchanges if name != "EX_co2_e" and fluxes[name].abs().max() > 1e-6]
    return Chemostats(core, fluxes[names], fluxes[core.growth_reaction].to_numpy(), fluxes["EX_co2_e"].to_numpy())


@pytest.mark.parametrize("name", [name for name in CO2_RIVALS if name != "regression on q and D"])
def test_balances_find_the_co2_of_a_cell_that_obeys_them(name: str, exact: Chemostats) -> None:
    answer = CO2_RIVALS[name](exact, 0)
    assert answer.co2 == pytest.approx(exact.co2, rel=0.05 if name == "reconciliation" else 1e-6)
    if answer.alpha is not None:
        assert answer.alpha == pytest.approx(exact.network.biomass_content("C"), rel=0.05)
    if answer.low is not None and answer.high is not None:
        assert ((answer.low <= exact.co2) & (exact.co2 <= answer.high)).all()


def test_a_state_is_predicted_without_its_own_co2(exact: Chemostats) -> None:
    wrong = exact.co2.copy()
    wrong[2] += 5.0
    other = Chemostats(exact.network, exact.rates, exact.growth, wrong)
    for name, rival in CO2_RIVALS.items():
        before, after = rival(exact, 0).co2, rival(other, 0).co2
        assert after[2] == pytest.approx(before[2], rel=1e-9)
        if "others" in name or "regression" in name:
            assert (np.delete(after - before, 2) != 0).all()


def test_ours_answer_for_every_state(exact: Chemostats) -> None:
    hidden = predictor_hidden(exact, 0, QUICK_EFFORT)
    learned = predictor_learned(exact, 0, QUICK_EFFORT, few=True)
    assert hidden.co2.shape == learned.co2.shape == (7,)
    assert np.isfinite(hidden.co2).all()
    assert (learned.co2[2:] == 0.0).all()
