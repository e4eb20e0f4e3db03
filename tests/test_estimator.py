import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from metagnn.datasets import uniform_media
from metagnn.errors import InputError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNNConfig, MediumGNNConfig, Polytope
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.training import TrainingConfig
from tests.toy_samples import toy as toy

CONFIG = FluxGNNConfig(hidden_channels=4, num_layers=1, steps=4)
TRAINING = TrainingConfig(epochs=2, batch_size=64, learning_rate=0.02)

Table = pd.DataFrame


@pytest.fixture(scope="module")
def media() -> Table:
    table = uniform_media({"EX_a": (1, 10), "EX_o": (0, 10)}, 20)
    return table.set_index(pd.Index([f"flask {row}" for row in range(20)]))


@pytest.fixture(scope="module")
def labels(toy: MetabolicNetwork, media: Table) -> Table:
    return simulate_fluxes(toy, media).fluxes


def predictor(toy: MetabolicNetwork, **choices: object) -> FluxPredictor:
    return FluxPredictor(toy, **({"config": CONFIG, "training": TRAINING} | choices))


def same(one: Table, other: Table) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_parameters_make_the_same_predictor(toy: MetabolicNetwork):
    made = predictor(toy, constraint=Polytope(energy="free"), seed=3)
    again = FluxPredictor(**made.get_params(deep=False))
    assert again.get_params() == made.get_params()
    assert made.get_params()["training__epochs"] == 2
    assert made.get_params()["config__steps"] == 4
    assert not [name for name in made.get_params(deep=False) if "__" in name]
    assert not [name for name in made.get_params() if name.startswith("network__")]
    other = predictor(toy)
    other.set_params(**made.get_params())
    assert other.get_params() == made.get_params()


def test_fields_of_settings_are_parameters(toy: MetabolicNetwork):
    made = FluxPredictor(toy)
    assert made.set_params(training__epochs=7, config__steps=9, seed=2) is made
    assert made.training == dataclasses.replace(TrainingConfig(), epochs=7)
    assert made.config == FluxGNNConfig(steps=9)
    assert made.seed == 2
    # Whole settings first, in whatever order they are given.
    made.set_params(training__epochs=3, training=TRAINING)
    assert made.training == dataclasses.replace(TRAINING, epochs=3)


def test_settings_that_were_not_given_follow_the_inputs(toy: MetabolicNetwork):
    made = FluxPredictor(toy)
    assert (made.config, made.training) == (None, None)
    made.set_params(inputs="present", training__epochs=5)
    assert made.resolved_settings()["config"] == MediumGNNConfig()
    assert made.training.learning_rate == FluxPredictor(toy, "present").get_params()["training__learning_rate"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"training__epoch": 3},
            r"'training__epoch' is no parameter of a FluxPredictor; did you mean 'training__epochs'",
        ),
        ({"sed": 3}, r"'sed' is no parameter of a FluxPredictor; did you mean 'seed'"),
        ({"seed__epochs": 3}, r"'seed__epochs' is no parameter of a FluxPredictor"),
        ({"training__epochs": 0}, r"`epochs` is 0; expected at least 1"),
        ({"constraint": "polytop"}, r"`constraint`: 'polytop' is no constraint; did you mean 'polytope'"),
        ({"inputs": "present"}, r"`config` is a FluxGNNConfig; with inputs of 'present' expected a MediumGNNConfig"),
        ({"network": "e_coli_cor"}, r"'e_coli_cor' is no known model"),
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_is_changed(toy: MetabolicNetwork, wrong: dict, message: str):
    made = predictor(toy)
    before = made.get_params()
    with pytest.raises(InputError, match=message):
        made.set_params(**({"seed": 9, "config__steps": 3} | wrong))
    assert made.get_params() == before
    assert made.network is toy


def test_a_value_of_another_type_changes_nothing_either(toy: MetabolicNetwork):
    made = predictor(toy)
    before = made.get_params()
    with pytest.raises(TypeError):
        made.set_params(seed=9, training__epochs="many")
    assert made.get_params() == before


def test_a_clone_has_the_parameters_and_no_fit(toy: MetabolicNetwork, media: Table, labels: Table):
    made = predictor(toy, constraint="soft", seed=4).fit(media, labels)
    copied = clone(made)
    assert copied.get_params() == made.get_params()
    assert copied.network is toy
    with pytest.raises(NotFittedError):
        check_is_fitted(copied)
    same(copied.fit(media, labels).predict(media), made.predict(media))


def test_a_fit_changes_no_parameter(toy: MetabolicNetwork, media: Table, labels: Table):
    made = FluxPredictor(toy, config=CONFIG).set_params(training__epochs=1)
    before, fingerprint = made.get_params(deep=False), toy.fingerprint
    made.fit(media, labels)
    after = made.get_params(deep=False)
    assert all(after[name] is value for name, value in before.items())
    assert toy.fingerprint == fingerprint


def test_what_was_fitted_is_told_after_the_fit_only(toy: MetabolicNetwork, media: Table, labels: Table):
    made = predictor(toy)
    assert not hasattr(made, "feature_names_in_")
    assert not hasattr(made, "n_features_in_")
    assert made.input_names_ == ()
    assert made.history_.empty
    for ask in (check_is_fitted, lambda p: p.predict(media), lambda p: p.model, lambda p: p.save("nowhere")):
        with pytest.raises(NotFittedError):
            ask(made)
    with pytest.raises(InputError, match="was not fitted; call `fit` first"):
        made.predict(media)
    named = media.assign(sample=media.index)
    made.fit(named, labels)
    check_is_fitted(made)
    assert made.feature_names_in_.tolist() == ["EX_a", "EX_o", "sample"]
    assert made.n_features_in_ == 3
    assert made.input_names_ == ("EX_a", "EX_o")


def test_cross_validation_is_a_loop_over_fits(toy: MetabolicNetwork, media: Table, labels: Table):
    made = predictor(toy)
    scores = cross_val_score(made, media, labels, cv=2)
    halves = media.index[:10], media.index[10:]
    expected = [
        clone(made).fit(media.loc[train], labels.loc[train]).score(media.loc[test], labels.loc[test])
        for test, train in (halves, halves[::-1])
    ]
    assert scores.tolist() == expected
    assert np.isfinite(scores).all()


def test_a_grid_is_searched(toy: MetabolicNetwork, media: Table, labels: Table):
    search = GridSearchCV(predictor(toy), {"training__epochs": [1, 2], "config__steps": [3]}, cv=2)
    search.fit(media, labels["growth"])
    best = search.best_params_["training__epochs"]
    assert len(search.cv_results_["params"]) == 2
    assert len(search.best_estimator_.history_) == best
    assert search.best_estimator_.config.steps == 3
    again = predictor(toy).set_params(**search.best_params_).fit(media, labels["growth"])
    same(search.predict(media), again.predict(media))


def test_it_is_the_end_of_a_pipeline(toy: MetabolicNetwork, media: Table, labels: Table):
    double = FunctionTransformer(lambda table: 2.0 * table)
    pipeline = make_pipeline(double, predictor(toy))
    pipeline.set_params(fluxpredictor__training__epochs=1).fit(media / 2.0, labels)
    alone = predictor(toy).set_params(training__epochs=1).fit(media, labels)
    same(pipeline.predict(media / 2.0), alone.predict(media))
    assert pipeline.score(media / 2.0, labels) == alone.score(media, labels)
    assert "FluxPredictor" in repr(pipeline)


@pytest.mark.parametrize("kind", ["max_uptake", "rates", "present"])
def test_a_row_of_weight_0_is_left_out(toy: MetabolicNetwork, media: Table, labels: Table, kind: str):
    inputs = {
        "max_uptake": media,
        "rates": labels[["EX_a", "EX_o"]],
        "present": (media > media.median()).astype(float),
    }[kind]
    config = MediumGNNConfig(hidden_channels=4, num_layers=1) if kind == "present" else CONFIG
    made = predictor(toy, inputs=kind, config=config, estimate=None).set_params(
        training__epochs=20 if kind == "present" else 2
    )
    weight = pd.Series(1.0, index=media.index)
    weight.iloc[[2, 7, 11]] = 0.0
    kept = weight > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        weighted = clone(made).fit(inputs, labels["growth"], sample_weight=weight)
        expected = clone(made).fit(inputs[kept], labels["growth"][kept])
        assert np.allclose(weighted.predict(inputs), expected.predict(inputs), rtol=1e-6, atol=1e-6, equal_nan=True)
        everything = clone(made).fit(inputs, labels["growth"])
        assert not np.allclose(everything.predict(inputs), expected.predict(inputs), atol=1e-6, equal_nan=True)


def test_a_heavier_row_is_fitted_better(toy: MetabolicNetwork, media: Table, labels: Table):
    """Two halves contradict each other: the fit follows the heavier one, by weights and by deviations."""
    twice = pd.concat([media, media], ignore_index=True)
    observed = pd.concat([labels[["growth"]] * 0.4, labels[["growth"]]], ignore_index=True)
    heavy_low, heavy_high = np.repeat([20.0, 1.0], 20), np.repeat([1.0, 20.0], 20)
    made = predictor(toy, estimate=None).set_params(training__epochs=60)

    def mean_growth(targets: Table, **options: object) -> float:
        return float(clone(made).fit(twice, targets, **options).predict(media)["growth"].mean())

    even = mean_growth(observed)
    assert mean_growth(observed, sample_weight=heavy_low) < even < mean_growth(observed, sample_weight=heavy_high)
    low = observed.assign(growth_std=np.repeat([0.01, 0.1], 20))
    high = observed.assign(growth_std=np.repeat([0.1, 0.01], 20))
    assert mean_growth(low) < even < mean_growth(high)


@pytest.mark.parametrize("weight", [[1.0] * 19, [0.0] * 20, [-1.0] + [1.0] * 19, [np.nan] + [1.0] * 19, [[1.0]] * 20])
def test_weights_that_cannot_be_used_are_refused(toy: MetabolicNetwork, media: Table, labels: Table, weight: list):
    with pytest.raises(TableError, match="`sample_weight`"):
        predictor(toy).fit(media, labels, sample_weight=weight)


def test_it_is_shown_in_a_line_and_in_a_table(toy: MetabolicNetwork, media: Table, labels: Table):
    made = predictor(toy, constraint="soft")
    choices = "network=toy, inputs=max_uptake, constraint=soft, composition=fixed"
    assert repr(made) == f"FluxPredictor({choices}, trained=not fitted)"
    made.fit(media, labels)
    assert repr(made) == f"FluxPredictor({choices}, trained=2 epochs)"
    shown = made._repr_mimebundle_()
    assert shown == {"text/plain": repr(made), "text/html": made._repr_html_()}
    assert shown["text/html"].startswith("<table><caption>FluxPredictor</caption><tr><th>network</th><td>toy</td></tr>")
    assert "<th>trained</th><td>2 epochs</td>" in shown["text/html"]
