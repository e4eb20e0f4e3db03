import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import r2_score

from metagnn.datasets import uniform_media
from metagnn.errors import FolderError, NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.losses import bound_violation
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.testing import assert_balanced, toy_network
from metagnn.training import Checkpoints, TrainingConfig

MODEL = FluxGNNConfig(hidden_channels=8, num_layers=2, steps=8)
TRAINING = TrainingConfig(epochs=5, batch_size=8, learning_rate=0.01)
GROWTH = "Biomass_Ecoli_core"
NAN = float("nan")

Table = pd.DataFrame


def predictor(network: MetabolicNetwork, training: TrainingConfig = TRAINING, **choices: object) -> FluxPredictor:
    return FluxPredictor(network, config=MODEL, training=training, **choices)


@pytest.fixture(scope="module")
def media() -> Table:
    table = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (5, 20)}, 16)
    return table.set_index(pd.Index([f"flask {row}" for row in range(16)]))


@pytest.fixture(scope="module")
def labels(core: MetabolicNetwork, media: Table) -> Table:
    return simulate_fluxes(core, media).fluxes


@pytest.fixture(scope="module")
def fitted(core: MetabolicNetwork, media: Table, labels: Table) -> FluxPredictor:
    return predictor(core).fit(media, labels)


@pytest.fixture(scope="module")
def rates(labels: Table) -> Table:
    """Measured rates with gaps; two of three carry their deviations."""
    table = labels[["EX_glc__D_e", "EX_o2_e", "EX_co2_e"]].copy()
    table.loc["flask 2", "EX_co2_e"] = NAN
    table.loc["flask 5", ["EX_o2_e", "EX_glc__D_e"]] = NAN
    table["EX_co2_e_std"] = 0.5
    table["EX_glc__D_e_std"] = [0.2, NAN] * 8
    return table


def test_fit_returns_itself_and_keeps_its_history(core: MetabolicNetwork, media: Table, labels: Table):
    model = predictor(core)
    assert model.fit(media, labels) is model
    assert model.history_["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert model.history_["loss"].iloc[-1] < model.history_["loss"].iloc[0]
    assert model.input_names_ == ("EX_glc__D_e", "EX_o2_e")


def test_predict_gives_every_reaction_a_column_and_keeps_the_index(core: MetabolicNetwork, fitted, media: Table):
    fluxes = fitted.predict(media)
    assert fluxes.index.equals(media.index)
    assert list(fluxes.columns) == list(core.reactions)
    assert all(dtype == np.float64 for dtype in fluxes.dtypes)
    assert_balanced(core, torch.from_numpy(fluxes.to_numpy()))
    assert fluxes.std().max() > 0.1


def test_the_order_of_columns_and_rows_is_the_users(core: MetabolicNetwork, fitted, media: Table, labels: Table):
    expected = fitted.predict(media)
    swapped = media[["EX_o2_e", "EX_glc__D_e"]]
    pd.testing.assert_frame_equal(fitted.predict(swapped), expected, check_exact=True)
    pd.testing.assert_frame_equal(predictor(core).fit(swapped, labels).predict(media), expected, check_exact=True)
    pd.testing.assert_frame_equal(fitted.predict(media[::-1])[::-1], expected, rtol=0, atol=1e-4)
    mixed = labels[list(reversed(labels.columns))]
    pd.testing.assert_frame_equal(predictor(core).fit(media, mixed).predict(media), expected, check_exact=True)


def test_columns_that_say_something_about_a_row_are_left_out(core: MetabolicNetwork, fitted, media, labels):
    named = media.assign(sample=media.index)
    said = labels.assign(sample=labels.index, status="optimal")
    expected = fitted.predict(media)
    pd.testing.assert_frame_equal(fitted.predict(named), expected, check_exact=True)
    pd.testing.assert_frame_equal(predictor(core).fit(named, said).predict(media), expected, check_exact=True)


def test_more_rows_than_a_chunk_are_what_single_rows_are(fitted, media: Table):
    many = pd.concat([media] * 20, ignore_index=True)
    together = fitted.predict(many).to_numpy()
    assert len(together) == 320
    assert np.allclose(together, np.tile(fitted.predict(media).to_numpy(), (20, 1)), rtol=0, atol=1e-4)


def test_a_row_that_no_flux_satisfies_is_nan_and_counted(fitted, media: Table):
    starving = media.copy()
    starving.loc[["flask 3", "flask 9"]] = 0.0
    with pytest.warns(UserWarning, match="no flux can satisfy 2 of 16 rows; they are NaN"):
        fluxes = fitted.predict(starving)
    assert fluxes.isna().all(axis=1).tolist() == fluxes.isna().any(axis=1).tolist() == [r in (3, 9) for r in range(16)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.predict(media)


@pytest.mark.parametrize("constraint", ["steady_state", "soft"])
def test_diagnose_tells_how_well_the_laws_hold(core: MetabolicNetwork, media: Table, labels: Table, constraint):
    model = predictor(core, constraint=constraint).fit(media, labels)
    starving = media.copy()
    starving.loc["flask 3"] = 0.0
    report = model.diagnose(starving)
    readouts = ["co2_readout", "co2_exchange"]
    assert list(report.columns) == ["max_abs_sv", "max_bound_violation", "status", *readouts, "novelty"]
    assert report.index.equals(media.index)
    assert report["status"].tolist() == ["infeasible" if row == 3 else "ok" for row in range(16)]
    assert report[readouts].isna().all(axis=1).tolist() == [row == 3 for row in range(16)]
    apart = (report["co2_readout"] - report["co2_exchange"]).abs().max()
    assert apart < 1e-9 if constraint == "steady_state" else apart > 1e-3
    numbers = report[["max_abs_sv", "max_bound_violation"]]
    assert numbers.isna().all(axis=1).tolist() == [row == 3 for row in range(16)]
    fluxes = torch.from_numpy(model.predict(media).to_numpy())
    lower, upper = map(torch.from_numpy, core.uptake_bounds(list(media.columns), media.to_numpy()))
    others = np.arange(16) != 3
    assert np.allclose(numbers["max_abs_sv"][others], core.stoichiometry(fluxes).abs().amax(1)[others], atol=1e-9)
    violation = bound_violation(fluxes, lower, upper).amax(1)[others]
    assert np.allclose(numbers["max_bound_violation"][others], violation, atol=1e-9)
    exact, open_law = ("max_abs_sv", "max_bound_violation") if constraint == "steady_state" else numbers.columns[::-1]
    assert report[exact].max() <= (1e-9 if constraint == "steady_state" else 0.0)
    assert report[open_law].max() > 1e-3


def test_in_the_polytope_both_laws_hold_and_what_was_feasible_stays(core: MetabolicNetwork, media, labels, tmp_path):
    model = predictor(core, constraint="polytope").fit(media, labels)
    starving = media.copy()
    starving.loc["flask 3"] = 0.0
    report = model.diagnose(starving)
    assert report["status"].tolist() == ["infeasible" if row == 3 else "ok" for row in range(16)]
    assert report["max_abs_sv"].max() <= 1e-9
    assert report["max_bound_violation"].max() <= 1e-9
    # It learns as "steady_state" does; then it finds that these labels are of maximal growth, and holds to that.
    steady = predictor(core).fit(media, labels)
    learned = dict(model.model.named_parameters())
    assert all(torch.equal(weight, learned[name]) for name, weight in steady.model.named_parameters())
    assert steady.diagnose(media)["max_bound_violation"].max() > 1e-3
    assert float(model.model.growth_drive) > 0
    exact = model.predict(media)
    assert np.allclose(exact[GROWTH], labels[GROWTH], rtol=1e-6)
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(FluxPredictor.load(tmp_path / "model").predict(media), exact, check_exact=True)


def test_score_is_scikit_learns(fitted, media: Table, labels: Table):
    varying = labels.loc[:, labels.std() > 1e-3]
    assert varying.shape[1] > 30
    predicted = fitted.predict(media)[varying.columns]
    assert fitted.score(media, varying) == pytest.approx(r2_score(varying, predicted, multioutput="uniform_average"))
    growth = labels[[GROWTH]]
    assert fitted.score(media, growth) == pytest.approx(r2_score(growth, predicted[[GROWTH]]))


def test_score_sees_what_was_observed_and_varies(fitted, media: Table, labels: Table):
    partly = labels[[GROWTH, "PGI"]].copy()
    partly.iloc[::3, 0] = NAN
    predicted = fitted.predict(media)
    seen = partly[GROWTH].notna()
    expected = [
        r2_score(partly[GROWTH][seen], predicted[GROWTH][seen]),
        r2_score(partly["PGI"], predicted["PGI"]),
    ]
    assert fitted.score(media, partly) == pytest.approx(np.mean(expected))
    with_constant = partly.assign(ATPM=8.39)
    assert fitted.score(media, with_constant) == pytest.approx(np.mean(expected))
    with pytest.raises(TableError, match="`targets` has no column that varies over the samples"):
        fitted.score(media, with_constant[["ATPM"]])


def test_score_leaves_out_what_cannot_be_predicted(fitted, media: Table, labels: Table):
    starving = media.copy()
    starving.loc["flask 3"] = 0.0
    rest = labels.index != "flask 3"
    expected = fitted.score(media[rest], labels.loc[rest, [GROWTH]])
    assert fitted.score(starving, labels[[GROWTH]]) == pytest.approx(expected, abs=1e-5)


def test_any_part_of_the_fluxes_can_be_learned(core: MetabolicNetwork, media: Table, labels: Table):
    growth = predictor(core).fit(media, labels[[GROWTH]])
    alias = predictor(core).fit(media, labels[[GROWTH]].set_axis(["BIOMASS_Ecoli_core_w_GAM"], axis=1))
    pd.testing.assert_frame_equal(alias.predict(media), growth.predict(media), check_exact=True)
    gaps = labels[[GROWTH, "PGI", "EX_co2_e"]].copy()
    gaps.iloc[1::2, 1] = NAN
    gaps.iloc[4] = [NAN, NAN, 3.0]
    partly = predictor(core).fit(media, gaps)
    for model in (growth, partly):
        assert np.isfinite(model.history_.to_numpy()).all()
        assert model.history_["loss"].iloc[-1] < model.history_["loss"].iloc[0]
        assert model.predict(media).notna().all(axis=None)
    assert not np.allclose(growth.predict(media), partly.predict(media), atol=1e-3)


def test_rows_of_no_use_are_left_out_and_counted(core: MetabolicNetwork, media: Table, labels: Table):
    starving, hidden = media.copy(), labels.copy()
    starving.loc[["flask 0", "flask 1"]] = 0.0
    hidden.loc[["flask 1", "flask 2"]] = NAN
    model = predictor(core)
    with pytest.warns(UserWarning, match="3 of 16 rows are left out: 2 are infeasible, 1 more have no"):
        model.fit(starving, hidden)
    expected = predictor(core).fit(media[3:], labels[3:])
    pd.testing.assert_frame_equal(model.predict(media), expected.predict(media), check_exact=True)


def test_the_same_seed_gives_the_same_predictions_and_random_states_stay(core, fitted, media, labels):
    expected, state = fitted.predict(media), torch.get_rng_state()
    torch.manual_seed(1234)
    between = torch.get_rng_state()
    again = predictor(core).fit(media, labels)
    pd.testing.assert_frame_equal(again.predict(media), expected, check_exact=True)
    assert torch.equal(torch.get_rng_state(), between)
    torch.set_rng_state(state)
    other = predictor(core, seed=1).fit(media, labels)
    assert not np.allclose(other.predict(media), expected, atol=1e-3)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_second_fit_starts_afresh(core: MetabolicNetwork, fitted, media: Table, labels: Table):
    model = predictor(core).fit(media[["EX_o2_e"]], labels)
    assert model.input_names_ == ("EX_o2_e",)
    pd.testing.assert_frame_equal(model.fit(media, labels).predict(media), fitted.predict(media), check_exact=True)


def test_a_failed_fit_leaves_the_fitted_model(core: MetabolicNetwork, media: Table, labels: Table):
    model = predictor(core).fit(media, labels)
    expected = model.predict(media)
    with pytest.raises(TableError):
        model.fit(media.assign(EX_nothing=1.0), labels)
    pd.testing.assert_frame_equal(model.predict(media), expected, check_exact=True)


def test_fit_keeps_checkpoints_and_resumes(core: MetabolicNetwork, fitted, media: Table, labels: Table, tmp_path):
    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    predictor(core).fit(media, labels, checkpoints=checkpoints)
    resumed = predictor(core).fit(media, labels, checkpoints=checkpoints)
    pd.testing.assert_frame_equal(resumed.predict(media), fitted.predict(media), check_exact=True)
    checkpoints.path.write_bytes(b"")
    with pytest.raises(FolderError, match="damaged"):
        predictor(core).fit(media, labels, checkpoints=checkpoints)


def test_rates_with_gaps_and_deviations_end_to_end(core: MetabolicNetwork, rates: Table, labels: Table):
    model = predictor(core, inputs="rates").fit(rates, labels[[GROWTH]])
    assert list(model.history_.columns) == ["epoch", "loss", "flux_error", "measurement_misfit", "bound_violation"]
    assert np.isfinite(model.history_.to_numpy()).all()
    assert model.history_["loss"].iloc[-1] < model.history_["loss"].iloc[0]
    assert model.input_names_ == ("EX_glc__D_e", "EX_o2_e", "EX_co2_e")
    fluxes = model.predict(rates)
    assert fluxes.notna().all(axis=None)
    assert_balanced(core, torch.from_numpy(fluxes.to_numpy()))
    assert model.diagnose(rates)["status"].eq("ok").all()
    # A measurement and its deviation have a say; a missing one has none.
    louder, gap = rates.assign(EX_co2_e_std=0.01), rates.copy()
    gap.loc[rates["EX_co2_e"].isna(), "EX_co2_e_std"] = 1e-3
    assert not np.allclose(model.predict(louder), fluxes, atol=1e-2)
    pd.testing.assert_frame_equal(model.predict(gap), fluxes, check_exact=True)
    # Deviations are the user's to give or not.
    assert model.predict(rates[["EX_co2_e", "EX_o2_e", "EX_glc__D_e"]]).notna().all(axis=None)


def test_rates_that_contradict_each_other_are_reconciled(core: MetabolicNetwork, rates: Table, labels: Table):
    model = predictor(core, inputs="rates").fit(rates, labels[[GROWTH]])
    wrong = rates.drop(columns=["EX_co2_e_std", "EX_glc__D_e_std"])
    # More carbon leaves than comes in, and oxygen is made: no flux has these rates, but some flux is near.
    wrong.loc["flask 0"] = [-1.0, 5.0, 30.0]
    fluxes = model.predict(wrong)
    assert fluxes.notna().all(axis=None)
    assert_balanced(core, torch.from_numpy(fluxes.to_numpy()))


def test_composition_is_what_the_biomass_reaction_holds(core: MetabolicNetwork, fitted):
    composition = fitted.composition_
    assert composition.alpha == pytest.approx(42.5555, abs=1e-3)
    assert composition.beta == pytest.approx(5.4528, abs=1e-3)
    assert (composition.alpha_interval, composition.beta_interval) == (None, None)


@pytest.fixture(scope="module")
def bare() -> MetabolicNetwork:
    """A network without formulas."""
    return toy_network({"EX_a": "a <=>", "r": "a -> 2 b", "growth": "b ->"}, "growth", {"EX_a": (-10, 1000)})


def test_a_network_without_formulas_has_no_composition_but_learns_without_its_balances(bare: MetabolicNetwork):
    media = Table({"EX_a": np.linspace(1, 9, 8)})
    labels = simulate_fluxes(bare, media).fluxes
    with pytest.warns(UserWarning, match="trained without the nitrogen balance: toy has no N balance"):
        soft = predictor(bare, constraint="soft").fit(media, labels)
    for model in (predictor(bare), soft):
        assert model.fit(media, labels).predict(media).notna().all(axis=None)
        with pytest.raises(NetworkError, match="toy has no C balance"):
            _ = model.composition_
