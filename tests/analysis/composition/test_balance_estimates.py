import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis import alpha_from_electrons, content_by_regression, contents_by_reconciliation
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition

TRUTH = np.array([42.5555, 5.4528])


def measure(network: MetabolicNetwork, fluxes: np.ndarray, noise: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Exchanges and growth with 5 % noise of a seed, and their deviations; NaN elsewhere."""
    seen = [*network.exchange_indices, network.reaction_index(network.growth_reaction)]
    measured = np.full(fluxes.shape, np.nan)
    measured[:, seen] = fluxes[:, seen]
    if noise is not None:
        measured *= 1 + 0.05 * np.random.default_rng(noise).normal(size=fluxes.shape)
    return measured, np.maximum(0.05 * np.abs(measured), 1e-3)


def regress(network: MetabolicNetwork, measured: np.ndarray, noise: float | None) -> np.ndarray:
    return np.array([content_by_regression(network, e, np.nan_to_num(measured), noise) for e in ("C", "N")])


@pytest.mark.parametrize("noise", [None, 0.05])
@pytest.mark.parametrize("balance", ["C", "N", "H", "O", "P", "charge", "electrons"])
def test_without_noise_a_regression_is_exact_in_every_balance(core: MetabolicNetwork, true_fluxes, noise, balance):
    measured = np.nan_to_num(measure(core, true_fluxes)[0])
    own = -core.element_balance(balance).to_dense()[0, core.reaction_index(core.growth_reaction)].item()
    assert abs(own) > 1
    assert content_by_regression(core, balance, measured, noise) == pytest.approx(own, rel=1e-7)


def test_without_noise_a_regression_finds_a_biomass_that_is_not_the_network_s(core: MetabolicNetwork, other_fluxes):
    for noise in (None, 0.05):
        assert regress(core, measure(core, other_fluxes)[0], noise) == pytest.approx([36.0, 7.0], rel=1e-7)


@pytest.mark.parametrize("noise", [None, 0.05])
def test_contents_have_no_unit_of_time(core: MetabolicNetwork, true_fluxes, noise):
    measured, _ = measure(core, true_fluxes, noise=0)
    expected = regress(core, measured, noise)
    assert np.abs(expected / TRUTH - 1).max() > 1e-3
    assert regress(core, 24 * measured, noise) == pytest.approx(expected, rel=1e-9)


def test_weighted_least_squares_ask_less_of_the_noisier_samples(core: MetabolicNetwork, true_fluxes):
    errors = {"ols": [], "wls": [], "reconciliation": []}
    for seed in range(40):
        measured, deviation = measure(core, true_fluxes, seed)
        errors["ols"].append(regress(core, measured, None) / TRUTH - 1)
        errors["wls"].append(regress(core, measured, 0.05) / TRUTH - 1)
        errors["reconciliation"].append(np.array(contents_by_reconciliation(core, measured, deviation)) / TRUTH - 1)
    mean = {name: np.abs(values).mean(axis=0) for name, values in errors.items()}
    assert np.all(mean["wls"] < mean["ols"])
    assert np.all(mean["ols"] < 0.1)
    # All balances together know more than one.
    assert np.all(mean["reconciliation"] < mean["wls"])


@settings(max_examples=20, deadline=None)
@given(alpha=st.floats(25, 60), beta=st.floats(2, 12))
def test_electrons_give_carbon_back(core: MetabolicNetwork, alpha, beta):
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(alpha, beta)
    changed = core.with_biomass(composition.column().detach().numpy())
    electrons = -changed.element_balance("electrons").to_dense()[0, composition.growth_index].item()
    assert alpha_from_electrons(core, electrons) == pytest.approx(alpha, rel=1e-9)


def test_electrons_of_measured_rates_give_carbon_without_co2(core: MetabolicNetwork, other_fluxes):
    measured = np.nan_to_num(measure(core, other_fluxes)[0])
    measured[:, core.reaction_index("EX_co2_e")] = 100.0
    electrons = content_by_regression(core, "electrons", measured)
    assert alpha_from_electrons(core, electrons) == pytest.approx(36.0, rel=1e-6)
    assert content_by_regression(core, "C", measured) != pytest.approx(36.0, rel=0.1)


@pytest.mark.parametrize("hidden", [(), ("EX_co2_e",), ("EX_co2_e", "EX_h2o_e", "EX_h_e", "EX_pi_e")])
def test_all_balances_at_once_find_a_biomass_that_is_not_the_network_s(core: MetabolicNetwork, other_fluxes, hidden):
    measured, deviation = measure(core, other_fluxes)
    measured[:, [core.reaction_index(name) for name in hidden]] = np.nan
    assert contents_by_reconciliation(core, measured, deviation) == pytest.approx((36.0, 7.0), rel=1e-3)


def test_gaps_here_and_there_are_no_zeros(core: MetabolicNetwork, other_fluxes):
    measured, deviation = measure(core, other_fluxes)
    gaps = np.random.default_rng(0).random(measured.shape) < 0.2
    measured[gaps] = np.nan
    assert contents_by_reconciliation(core, measured, deviation) == pytest.approx((36.0, 7.0), rel=1e-3)
    deviation[gaps] = np.nan
    assert contents_by_reconciliation(core, measured, deviation) == pytest.approx((36.0, 7.0), rel=1e-3)
