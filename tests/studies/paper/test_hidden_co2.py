import json
from collections.abc import Callable

import numpy as np
import pytest

from metagnn.studies.harness.measured_rates import CO2, RatesTask
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.paper import hidden_co2
from metagnn.studies.paper.hidden_co2 import HIDDEN_CO2, INTERNAL, HiddenCO2
from metagnn.studies.rivals.rate_rivals import Answer

KNOWN, WITHOUT, UNKNOWN = HIDDEN_CO2
ERRORS = ("median_relative_error", "mean_relative_error", "p90_relative_error")

pytestmark = pytest.mark.filterwarnings("ignore:the data do not determine")


def scores(value: float) -> dict[str, float]:
    return {name: value * factor for name, factor in zip(ERRORS, (1.0, 2.0, 4.0), strict=True)}


def test_internal_fluxes_are_those_of_known_composition_alone() -> None:
    assert [e.with_internal for e in HIDDEN_CO2] == [True, False, False]
    assert set(KNOWN.contestants("full")) == set(hidden_co2.CONTESTANTS)
    for experiment in (WITHOUT, UNKNOWN):
        assert not [name for name in experiment.contestants("full") if name.startswith((INTERNAL, "flux_gnn_soft"))]
    assert not [name for name in WITHOUT.contestants("full") if "mlp" in name]
    assert {"flux_gnn", "carbon_balance", "reconciliation"} <= set(WITHOUT.contestants("quick"))


def test_settings_say_what_was_hidden() -> None:
    assert WITHOUT.settings()["hidden"] == ["EX_co2_e", "EX_h2o_e", "EX_h_e", "EX_pi_e"]
    assert [e.settings()["known_composition"] for e in HIDDEN_CO2] == [True, True, False]
    assert KNOWN.settings()["noise"] == 0.05
    assert (KNOWN.settings()["train_samples"], KNOWN.settings()["test_samples"]) == (100, 500)


@pytest.mark.parametrize("experiment", HIDDEN_CO2, ids=lambda e: e.name)
def test_no_contestant_gets_what_is_hidden(small: None, store: SampleStore, experiment: HiddenCO2) -> None:
    task = experiment.data(store, 0)
    assert task.known_composition is experiment.known
    assert set(task.network.exchanges) - set(task.inputs) == set(experiment.hidden)


@pytest.mark.parametrize(
    ("experiment", "contestant"),
    [(e, c) for e in HIDDEN_CO2 for c in e.contestants("full")],
    ids=lambda x: x if isinstance(x, str) else x.name.split(".")[1],
)
def test_every_contestant_answers_from_what_was_measured_alone(
    small: None, store: SampleStore, tampered: Callable[[RatesTask], RatesTask], experiment: HiddenCO2, contestant: str
) -> None:
    task = experiment.data(store, 0)
    predicted = [experiment.run(contestant, data, 0).arrays["predicted"] for data in (task, tampered(task))]
    assert predicted[0].shape == (len(task.test.truth),)
    np.testing.assert_array_equal(*predicted)


def test_the_truth_has_no_error(small: None, store: SampleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    task = KNOWN.data(store, 0)
    truth = task.test.truth.to_numpy()
    oracle = Answer(truth, truth[:, task.network.reaction_index(CO2)], task.network, steps=7)
    monkeypatch.setitem(hidden_co2.CONTESTANTS, "oracle", lambda task, seed: oracle)
    run = KNOWN.run("oracle", task, 0)
    assert run.scores["co2"] == dict.fromkeys(ERRORS, 0.0)
    assert run.scores["steps"] == 7
    assert run.scores["fluxes"]["growth_r2"] == run.scores["fluxes"]["q10_flux_r2"] == 1.0
    assert run.scores["fluxes"]["max_abs_sv"] < 1e-9
    assert run.arrays["observed"].tolist() == run.arrays["predicted"].tolist()


def test_errors_are_relative_and_no_answer_is_wholly_wrong(
    small: None, store: SampleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = UNKNOWN.data(store, 0)
    truth = task.test.truth[CO2].to_numpy()
    answers = {"none": truth * np.nan, "high": truth * 1.25, "low": truth * 0.75, "one": truth.copy()}
    answers["one"][0] = np.nan
    nothing = np.full((len(truth), len(task.network.reactions)), np.nan)
    found = {}
    for name, co2 in answers.items():
        monkeypatch.setitem(hidden_co2.CONTESTANTS, name, lambda t, s, co2=co2: Answer(nothing, co2, t.network))
        found[name] = UNKNOWN.run(name, task, 0).scores["co2"]
    assert found["none"] == dict.fromkeys(ERRORS, 1.0)
    assert found["high"] == pytest.approx(dict.fromkeys(ERRORS, 0.25))
    assert found["low"] == pytest.approx(dict.fromkeys(ERRORS, 0.25))
    assert found["one"]["mean_relative_error"] == pytest.approx(1 / len(truth))
    assert found["one"]["median_relative_error"] == 0.0


def test_results_are_medians_and_ranges_over_the_seeds() -> None:
    runs = {
        "flux_gnn": [{"co2": scores(value), "steps": 150, "fluxes": {"growth_r2": value}} for value in (0.3, 0.1, 0.2)],
        "internal_balance_mlp_tuned": [{"co2": scores(9.0), "steps": 3, "fluxes": {"growth_r2": 0.5}}],
        "flux_gnn_soft": [{"co2": scores(0.1), "steps": 150, "co2_exchange": scores(0.7)}],
        "carbon_balance": [{"co2": scores(0.5), "steps": 0}],
    }
    tree = KNOWN.results(runs)
    models = tree["hidden_co2"]["known"]
    assert set(models) == {"flux_gnn", "flux_gnn_soft", "flux_gnn_soft_exchange", "carbon_balance"}
    assert models["flux_gnn"] == pytest.approx(
        {
            "median_relative_error": 0.2,
            "median_relative_error_min": 0.1,
            "median_relative_error_max": 0.3,
            "mean_relative_error": 0.4,
            "mean_relative_error_min": 0.2,
            "mean_relative_error_max": 0.6,
            "p90_relative_error": 0.8,
            "p90_relative_error_min": 0.4,
            "p90_relative_error_max": 1.2,
            "steps": 150,
        }
    )
    assert models["flux_gnn_soft_exchange"]["median_relative_error"] == 0.7
    # The network with internal fluxes stands under the name of the one without.
    assert tree["internal_fluxes"]["unlabelled"] == {
        "flux_gnn": {"growth_r2": {"median": 0.2, "min": 0.1, "max": 0.3}},
        "balance_mlp_tuned": {"growth_r2": {"median": 0.5, "min": 0.5, "max": 0.5}},
    }
    assert json.loads(json.dumps(tree)) == tree
    assert set(UNKNOWN.results({"flux_gnn": [{"co2": scores(1.0), "steps": 1}]})) == {"hidden_co2"}
