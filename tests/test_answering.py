import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.errors import InputError, TableError
from metagnn.estimates.measurement_gains import GainWarning
from metagnn.estimator import UnfittedError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.testing import assert_balanced
from tests.measured_cells import MEASURED, Table, cell, small, wasteful


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    return cell()


@pytest.fixture(scope="module")
def fitted(network: MetabolicNetwork) -> FluxPredictor:
    media, _, measured = wasteful()
    return small(network).fit(media, measured)


@pytest.fixture(scope="module")
def alone(network: MetabolicNetwork) -> FluxPredictor:
    media, _, measured = wasteful()
    with pytest.warns(UserWarning, match="train for more epochs"):
        return small(network, estimate=None).fit(media, measured)


def new_media() -> Table:
    return wasteful(6, seed=5)[0]


@pytest.mark.parametrize("name", ["fitted", "alone"])
def test_intervals_hold_the_prediction_and_lie_within_the_bounds(network, name, request):
    model, media = request.getfixturevalue(name), new_media()
    low, high = model.predict_interval(media)
    fluxes = model.predict(media)
    assert (low.to_numpy() <= fluxes.to_numpy() + 1e-9).all()
    assert (high.to_numpy() >= fluxes.to_numpy() - 1e-9).all()
    lower, upper = network.uptake_bounds(list(media.columns), media.to_numpy())
    if name == "fitted":
        assert (low.to_numpy() >= lower - 1e-9).all()
        assert (high.to_numpy() <= upper + 1e-9).all()
    for end in (low, high):
        assert end.index.equals(media.index)
        assert list(end.columns) == list(network.reactions)


@pytest.mark.parametrize("name", ["fitted", "alone"])
def test_a_higher_level_is_never_narrower(name, request):
    model, media = request.getfixturevalue(name), new_media()
    widths = [high - low for low, high in (model.predict_interval(media, level) for level in (0.5, 0.8, 0.9))]
    measured = [width[MEASURED].to_numpy() for width in widths]
    assert (measured[0] <= measured[1] + 1e-9).all()
    assert (measured[1] <= measured[2] + 1e-9).all()
    assert measured[0].sum() < measured[2].sum()


def test_intervals_hold_as_much_of_new_samples_as_they_say(fitted):
    media, truth, measured = wasteful(200, seed=7)
    low, high = fitted.predict_interval(media)
    held = (measured >= low[MEASURED]) & (measured <= high[MEASURED])
    assert 0.84 <= held.to_numpy().mean() <= 0.99
    # What was not measured follows through the network.
    inside = (truth >= low - 1e-9) & (truth <= high + 1e-9)
    assert inside[["ferment", "EX_a", "EX_o"]].to_numpy().mean() >= 0.84


def test_drawn_fluxes_are_at_steady_state_within_the_bounds_and_repeat(network, fitted):
    media = new_media().set_index(pd.Index([f"flask {row}" for row in range(6)]))
    drawn = fitted.sample_fluxes(media, 7)
    assert drawn.index.equals(pd.MultiIndex.from_product([media.index, range(7)], names=["sample", "draw"]))
    assert_balanced(network, torch.from_numpy(drawn.to_numpy()))
    lower, upper = network.uptake_bounds(list(media.columns), media.to_numpy())
    assert (drawn.to_numpy() >= np.repeat(lower, 7, axis=0) - 1e-9).all()
    assert (drawn.to_numpy() <= np.repeat(upper, 7, axis=0) + 1e-9).all()
    assert drawn.groupby("sample")["growth"].std().min() > 0
    pd.testing.assert_frame_equal(fitted.sample_fluxes(media, 7), drawn, check_exact=True)
    # A sample's draws do not depend on what else is asked.
    pd.testing.assert_frame_equal(fitted.sample_fluxes(media[2:3], 7), drawn.loc[["flask 2"]], rtol=1e-9, atol=1e-9)


def test_a_row_that_no_flux_satisfies_has_no_interval_and_no_draws(core: MetabolicNetwork):
    media = Table({"EX_glc__D_e": np.linspace(4, 10, 10), "EX_o2_e": np.linspace(12, 20, 10)})
    labels = simulate_fluxes(core, 0.8 * media).fluxes[["PGI", "PFK", core.growth_reaction]]
    noisy = labels * np.random.default_rng(0).normal(1.0, 0.02, labels.shape)
    model = small(core).fit(media, noisy)
    asked = media[:3].assign(EX_glc__D_e=[8.0, 0.0, 6.0])
    low, high = model.predict_interval(asked)
    drawn = model.sample_fluxes(asked, 3)
    for table in (low, high, drawn.groupby("sample").mean()):
        assert table.isna().all(axis=1).tolist() == [False, True, False]
        assert not table.iloc[[0, 2]].isna().any(axis=None)
    assert_balanced(core, torch.from_numpy(drawn.dropna().to_numpy()))


def test_what_is_asked_of_too_few_samples_or_in_vain_is_refused(network, fitted):
    media, _, measured = wasteful(8)
    few = small(network).fit(media, measured)
    with pytest.raises(InputError, match=r"8 samples at most of a flux; an interval of level 0.9 needs at least 9"):
        few.predict_interval(media)
    low, high = few.predict_interval(media, 0.8)
    assert (low <= high).all(axis=None)
    for level in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(InputError, match="expected a probability between 0 and 1"):
            fitted.predict_interval(media, level)
    for draws in (0, -1):
        with pytest.raises(InputError, match=f"`draws` is {draws}; expected at least 1"):
            fitted.sample_fluxes(media, draws)
    with pytest.warns(UserWarning, match="on another network the graph network is alone"):
        applied = fitted.apply_to(network.knock_out(reactions=["respire"]), media)
    with pytest.raises(InputError, match="has no intervals: it was saved without them, or belongs to another network"):
        applied.predict_interval(media)
    with pytest.raises(TableError, match="'EX_b'"):
        fitted.predict_interval(media.assign(EX_b=1.0))
    for ask in (FluxPredictor.predict_interval, FluxPredictor.sample_fluxes, FluxPredictor.predict_measurements):
        with pytest.raises(UnfittedError):
            ask(small(network), media)
    for name in ("gains_", "estimate_", "errors_"):
        with pytest.raises(UnfittedError):
            getattr(small(network), name)


def test_the_errors_never_end_above_the_simple_estimates(fitted, alone):
    errors = fitted.errors_
    assert list(errors.index) == ["simple estimate", "graph network", "prediction"]
    assert list(errors.columns) == ["training samples", "left out"]
    assert errors.loc["prediction", "left out"] <= errors.loc["simple estimate", "left out"]
    assert errors.loc["prediction"].max() < 0.1
    shares = fitted.estimate_
    assert shares.drop("graph network, mean over the fluxes").sum() == pytest.approx(1.0)
    assert alone.errors_.empty
    assert alone.estimate_.to_dict() == {"graph network": 1.0}
    assert (alone.gains_ == 1.0).all()


def test_measurements_that_close_have_no_gain(network, fitted):
    media = new_media()
    assert list(fitted.gains_.index) == list(network.reactions)
    assert (fitted.gains_ == 1.0).all()
    pd.testing.assert_frame_equal(fitted.predict_measurements(media), fitted.predict(media), check_exact=True)


@pytest.mark.parametrize(("shown", "bound"), [(0.75, False), (0.3, True)])
def test_a_gain_is_found_where_a_measurement_does_not_close(core: MetabolicNetwork, shown: float, bound: bool):
    media = Table({"EX_glc__D_e": np.linspace(4, 10, 9), "EX_o2_e": np.linspace(20, 12, 9)})
    truth = simulate_fluxes(core, 0.8 * media).fluxes
    names = ["EX_glc__D_e", "EX_o2_e", "EX_co2_e", "EX_ac_e", "EX_nh4_e", core.growth_reaction]
    names += ["PGI", "PFK", "PYK", "CS", "MDH", "GND", "PDH"]
    measured = truth[names] * np.random.default_rng(1).normal(1.0, 0.02, (9, len(names)))
    measured["EX_co2_e"] *= shown
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = small(core).fit(media, measured)
    named = [str(one.message) for one in told if issubclass(one.category, GainWarning)]
    assert len(named) == bound
    assert all("EX_co2_e is measured at 0.5 of what the network needs" in text for text in named)
    gains = model.gains_
    assert gains.idxmin() == "EX_co2_e"
    assert gains["EX_co2_e"] == (0.5 if bound else pytest.approx(shown, abs=0.06))
    assert gains.drop("EX_co2_e").between(0.95, 1.05).all()
    seen, flows = model.predict_measurements(media), model.predict(media)
    pd.testing.assert_frame_equal(seen, flows * gains)
    assert_balanced(core, torch.from_numpy(flows.to_numpy()))
    co2 = measured[["EX_co2_e"]]
    assert model.score(media, co2) > model.score_fluxes(flows, co2)


def test_a_feature_that_shifts_yields_is_learned(network):
    acidity = np.linspace(5.0, 7.5, 30)
    media, _, measured = wasteful(30, share=0.25 + 0.2 * (acidity - 5.0))
    features = Table({"pH": acidity})
    told = small(network).fit(media, measured, features)
    untold = small(network).fit(media, measured)
    assert told.errors_.loc["prediction", "left out"] < 0.7 * untold.errors_.loc["prediction", "left out"]
    same = pd.concat([media[:1]] * 3, ignore_index=True)
    grown = told.predict(same, Table({"pH": [5.2, 6.2, 7.2]}))["growth"]
    assert grown.is_monotonic_increasing
    assert grown.iloc[2] > 1.5 * grown.iloc[0]
    low, high = told.predict_interval(same, 0.8, Table({"pH": [5.2, 6.2, 7.2]}))
    assert high["growth"].iloc[0] < low["growth"].iloc[2]
    # Without what the fit knew there is no answer; neither with more.
    with pytest.raises(TableError, match=r"`features` is missing.*pH"):
        told.predict(same)
    with pytest.raises(TableError, match="features"):
        untold.predict(same, Table({"pH": [5.2, 6.2, 7.2]}))


def test_novelty_is_told(fitted):
    media = wasteful()[0]
    asked = pd.concat([media[:1], Table({"EX_a": [6.0, 40.0], "EX_o": [5.5, 5.0]})], ignore_index=True)
    told = fitted.diagnose(asked)["novelty"].tolist()
    assert told[0] == "seen"
    assert told[1] in ("seen", "interpolated")
    assert told[2] == "extrapolated"
