import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import add_white_noise, uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import InputError, NetworkError
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.nn import BiomassComposition
from metagnn.predictor import FluxPredictor
from metagnn.testing import assert_balanced, toy_network
from metagnn.training import TrainingConfig

GROWTH, CO2, O2, H2O = "Biomass_Ecoli_core", "EX_co2_e", "EX_o2_e", "EX_h2o_e"
ALPHA, BETA = 36.0, 7.8
"""What a culture was measured to be made of, which is not what the model says (42.6 and 5.5)."""

TRAINING = TrainingConfig(epochs=120)

Tables = tuple[pd.DataFrame, pd.DataFrame]


def small(start: tuple[float, float] | tuple[None, None] = (None, None)) -> FluxGNNConfig:
    return FluxGNNConfig(hidden_channels=8, num_layers=2, steps=24, alpha_start=start[0], beta_start=start[1])


@pytest.fixture(scope="module")
def culture(core: MetabolicNetwork) -> MetabolicNetwork:
    """The same organism with another biomass."""
    composition = BiomassComposition(core, "elemental")
    composition.reset_contents(ALPHA, BETA)
    return core.with_biomass(composition.column().detach().numpy())


@pytest.fixture(scope="module")
def tables(core: MetabolicNetwork, culture: MetabolicNetwork) -> Tables:
    """Noisy rates of every exchange, and noisy growth, of that organism."""
    media = uniform_media({**E_COLI_CORE_RANGES, O2: (5, 20), "EX_glc__D_e": (3, 10)}, 60, seed=2)
    noisy = add_white_noise(simulate_fluxes(culture, media).fluxes, 0.03, seed=2)
    return noisy[list(core.exchanges)], noisy[[GROWTH]]


def fit(core: MetabolicNetwork, tables: Tables, hidden: tuple[str, ...] = (), **choices: object) -> FluxPredictor:
    rates, growth = tables
    chosen = {"composition": "elemental", "config": small(), "training": TRAINING, **choices}
    return FluxPredictor(core, inputs="rates", **chosen).fit(rates.drop(columns=list(hidden)), growth)


@pytest.fixture(scope="module")
def fitted(core: MetabolicNetwork, tables: Tables) -> FluxPredictor:
    return fit(core, tables)


def test_the_composition_of_a_culture_is_found_with_its_interval(fitted: FluxPredictor):
    found = fitted.composition_
    assert found.alpha == pytest.approx(ALPHA, rel=0.015)
    assert found.beta == pytest.approx(BETA, rel=0.03)
    for value, interval in ((found.alpha, found.alpha_interval), (found.beta, found.beta_interval)):
        assert interval is not None
        low, high = interval
        assert low < value < high
        assert high / low < 1.1


def test_steady_state_is_that_of_the_fitted_biomass(core: MetabolicNetwork, fitted: FluxPredictor, tables: Tables):
    rates, _ = tables
    fluxes = torch.from_numpy(fitted.predict(rates).to_numpy())
    assert_balanced(fitted.network_, fluxes)
    assert core.stoichiometry(fluxes).abs().max() > 1e-2
    assert fitted.network is core
    column = core.reaction_index(GROWTH)
    held = -fitted.network_.element_balance("C").to_dense()[0, column]
    assert held.item() == pytest.approx(fitted.composition_.alpha)
    report = fitted.diagnose(rates)
    assert report["max_abs_sv"].max() < 1e-9
    assert np.allclose(report["co2_readout"], report["co2_exchange"], rtol=0, atol=1e-9)


def test_the_polytope_is_that_of_the_fitted_biomass(core: MetabolicNetwork, tables: Tables):
    model = fit(core, tables, constraint="polytope", training=TrainingConfig(epochs=10))
    report = model.diagnose(tables[0])
    assert report["max_abs_sv"].max() <= 1e-9
    assert report["max_bound_violation"].max() <= 1e-9
    assert core.stoichiometry(torch.from_numpy(model.predict(tables[0]).to_numpy())).abs().max() > 1e-3


def test_the_end_does_not_depend_on_the_start(core: MetabolicNetwork, fitted: FluxPredictor, tables: Tables):
    other = fit(core, tables, config=small((0.6 * ALPHA, 1.4 * BETA))).composition_
    assert other.alpha == pytest.approx(fitted.composition_.alpha, rel=3e-3)
    assert other.beta == pytest.approx(fitted.composition_.beta, rel=3e-3)


def test_with_oxygen_measured_carbon_is_found_without_co2(core: MetabolicNetwork, tables: Tables):
    model = fit(core, tables, hidden=(CO2,))
    assert model.composition_.alpha == pytest.approx(ALPHA, rel=0.03)
    predicted = model.predict(tables[0].drop(columns=CO2))[CO2]
    # The measured CO2 was never shown; it has 3 % noise itself.
    assert np.median(np.abs(predicted / tables[0][CO2] - 1)) < 0.06


def test_what_the_data_cannot_tell_is_not_told(core: MetabolicNetwork, tables: Tables):
    with pytest.warns(UserWarning, match="the data do not determine alpha, which may trade against"):
        model = fit(core, tables, hidden=(CO2, O2, H2O))
    assert np.isnan(model.composition_.alpha)
    assert model.composition_.alpha_interval == (0.0, np.inf)
    assert model.composition_.beta_interval is not None
    assert model.composition_.beta_interval[1] < np.inf


def test_a_saved_composition_is_the_same(core: MetabolicNetwork, fitted: FluxPredictor, tables: Tables, tmp_path):
    fitted.save(tmp_path / "model")
    again = FluxPredictor.load(tmp_path / "model", network=core)
    assert again.composition_ == fitted.composition_
    pd.testing.assert_frame_equal(again.predict(tables[0]), fitted.predict(tables[0]), check_exact=True)
    assert torch.equal(again.network_.stoichiometry.to_dense(), fitted.network_.stoichiometry.to_dense())


def test_an_undetermined_composition_survives_saving(core: MetabolicNetwork, tables: Tables, tmp_path):
    with pytest.warns(UserWarning, match="do not determine alpha"):
        model = fit(core, tables, hidden=(CO2, O2, H2O), training=TrainingConfig(epochs=5))
    model.save(tmp_path / "model")
    assert "NaN" not in (tmp_path / "model" / "config.json").read_text()
    again = FluxPredictor.load(tmp_path / "model").composition_
    assert np.isnan(again.alpha)
    assert again.alpha_interval == (0.0, np.inf)


def test_precursors_and_soft_balances_find_it_too(core: MetabolicNetwork, tables: Tables):
    # Twenty-three coefficients share the way that two contents have for themselves.
    precursor = fit(core, tables, composition="precursor", training=TrainingConfig(epochs=300)).composition_
    assert precursor.alpha == pytest.approx(ALPHA, rel=0.06)
    # Balances by loss are learned more slowly.
    soft = fit(core, tables, constraint="soft", training=TrainingConfig(epochs=200)).composition_
    assert soft.alpha == pytest.approx(ALPHA, rel=0.06)


def test_a_second_fit_starts_from_the_model_again(core: MetabolicNetwork, tables: Tables):
    short = TrainingConfig(epochs=4)
    model = fit(core, tables, training=short)
    first = model.composition_
    assert model.fit(*tables).composition_ == first


def test_a_composition_that_was_not_fitted_says_so(core: MetabolicNetwork):
    with pytest.raises(InputError, match="the composition was not fitted; call `fit` first"):
        _ = FluxPredictor(core, inputs="rates", composition="elemental").composition_


def test_a_start_is_for_elemental_compositions_only(core: MetabolicNetwork, tables: Tables):
    with pytest.raises(InputError, match="only an 'elemental' composition starts at given contents"):
        fit(core, tables, composition="fixed", config=small((40.0, 5.0)))
    with pytest.raises(InputError, match=r"`alpha` is -1\.0; expected a positive content"):
        fit(core, tables, config=small((-1.0, 5.0)))


def test_without_formulas_no_composition_can_be_fitted():
    bare = toy_network({"EX_a": "a <=>", "r": "a -> 2 b", "growth": "b ->"}, "growth", {"EX_a": (-10, 1000)})
    with pytest.raises(NetworkError, match="toy has no C balance"):
        FluxPredictor(bare, inputs="rates", composition="elemental")
