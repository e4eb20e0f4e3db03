import json
from collections.abc import Callable

import numpy as np
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_rates import RatesTask, own_contents, random_start
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.paper import composition as module
from metagnn.studies.paper.composition import CONTESTANTS, TRAINED, BiomassContents

EXPERIMENT = BiomassContents()
Change = Callable[[RatesTask], RatesTask]

pytestmark = pytest.mark.filterwarnings("ignore:the data do not determine")


def test_everything_is_measured_and_the_composition_is_not_known(small: None, store: SampleStore) -> None:
    task = EXPERIMENT.data(store, 0)
    assert task.inputs == task.network.exchanges
    assert not task.known_composition


@pytest.mark.parametrize(("name", "tolerance"), [("ols", 1e-9), ("wls", 1e-9), ("reconciliation", 1e-3)])
def test_classical_estimators_find_the_truth_without_noise(
    make_task: Callable[..., RatesTask], without_noise: Change, name: str, tolerance: float
) -> None:
    task = without_noise(make_task((), known=False))
    found, _ = CONTESTANTS[name](task, (1.0, 1.0), 0)
    assert found == pytest.approx(own_contents(task.network), rel=tolerance)


@pytest.mark.parametrize("name", CONTESTANTS)
def test_no_estimator_looks_at_the_truth(small: None, store: SampleStore, tampered: Change, name: str) -> None:
    task = EXPERIMENT.data(store, 0)
    found, again = (EXPERIMENT.run(name, data, 0).scores for data in (task, tampered(task)))
    assert (found["alpha"], found["beta"]) == (again["alpha"], again["beta"])
    assert 0 < found["beta"] < found["alpha"] < 100


@pytest.mark.parametrize("name", TRAINED)
def test_what_is_trained_starts_on_both_sides_of_the_truth(small: None, store: SampleStore, name: str) -> None:
    scores = EXPERIMENT.run(name, EXPERIMENT.data(store, 3), 3).scores
    start, other, truth = (
        np.array(x) for x in (scores["start"], scores["other_start"], own_contents(store.network("e_coli_core")))
    )
    assert start.tolist() == list(random_start(store.network("e_coli_core"), 3))
    np.testing.assert_allclose(start + other, 2 * truth)
    assert ((start / truth > 0.5) & (start / truth < 1.5) & (other / truth > 0.5) & (other / truth < 1.5)).all()
    assert ((start - truth) * (other - truth) < 0).all()
    # After three epochs, each is still nearer to its own start.
    found, again = np.array([scores["alpha"], scores["beta"]]), np.array(scores["from_other_start"])
    assert (np.abs(found - start) < np.abs(found - other)).all()
    assert (np.abs(again - other) < np.abs(again - start)).all()


@pytest.mark.parametrize("name", sorted(set(CONTESTANTS) - set(TRAINED)))
def test_what_is_not_trained_has_no_start(make_task: Callable[..., RatesTask], name: str) -> None:
    task = make_task((), known=False)
    assert set(EXPERIMENT.run(name, task, 0).scores) == {"alpha", "beta"}
    assert CONTESTANTS[name](task, (1.0, 1.0), 0) == CONTESTANTS[name](task, (90.0, 9.0), 5)


def test_results_are_errors_coverage_and_moves(core: MetabolicNetwork) -> None:
    alpha, beta = own_contents(core)
    gnn = [
        {
            "alpha": alpha * (1 + error),
            "beta": beta * (1 - error),
            "alpha_covered": error < 0.025,
            "beta_covered": True,
            "steps": 150,
            "from_other_start": [alpha * (1 + error + move), beta * (1 - error)],
        }
        for error, move in ((0.01, 0.0), (0.03, 0.002), (0.02, -0.004))
    ]
    wls = [{"alpha": alpha * (1 + error), "beta": beta * (1 + error)} for error in (0.04, 0.04, 0.04)]
    tree = EXPERIMENT.results({"flux_gnn": gnn, "wls": wls})
    assert json.loads(json.dumps(tree)) == tree
    found = tree["composition"]["alpha"]
    assert set(tree["composition"]) == {"alpha", "beta"}
    assert set(found) == {"true", "flux_gnn", "wls", "ratio_to_wls"}
    assert (found["true"], tree["composition"]["beta"]["true"]) == (alpha, beta)
    assert found["flux_gnn"] == {
        "estimates": [run["alpha"] for run in gnn],
        "median_relative_error": pytest.approx(0.02),
        "p95_relative_error": pytest.approx(0.029),
        "steps": 150,
        "covered_90": pytest.approx(2 / 3),
        "from_other_start": [run["from_other_start"][0] for run in gnn],
        "median_change_with_start": pytest.approx(0.002),
        "largest_change_with_start": pytest.approx(0.004),
    }
    assert set(found["wls"]) == {"estimates", "median_relative_error", "p95_relative_error"}
    assert tree["composition"]["beta"]["flux_gnn"]["largest_change_with_start"] == pytest.approx(0.0, abs=1e-12)
    assert found["ratio_to_wls"]["median"] == pytest.approx(0.5)
    # The interval is that of what resampling three repetitions can give.
    assert (found["ratio_to_wls"]["low"], found["ratio_to_wls"]["high"]) == pytest.approx((0.25, 0.75))


def test_an_estimator_that_is_its_rival_has_ratio_one(core: MetabolicNetwork) -> None:
    alpha, beta = own_contents(core)
    runs = [{"alpha": alpha * f, "beta": beta * f} for f in np.random.default_rng(0).uniform(0.9, 1.1, 20)]
    for content in EXPERIMENT.results({"flux_gnn": runs, "wls": runs})["composition"].values():
        assert content["ratio_to_wls"] == {"median": 1.0, "low": 1.0, "high": 1.0}
    alone = EXPERIMENT.results({"wls": runs})["composition"]["alpha"]
    assert "ratio_to_wls" not in alone


def test_the_bootstrap_is_wide_where_repetitions_are_few_and_repeats_itself(core: MetabolicNetwork) -> None:
    alpha, beta = own_contents(core)
    random = np.random.default_rng(0)

    def width(count: int) -> float:
        ours, rival = (
            [{"alpha": alpha * (1 + 0.02 * e), "beta": beta} for e in random.normal(size=count)] for _ in "ab"
        )
        first, again = (
            EXPERIMENT.results({"flux_gnn": ours, "wls": [r | {"beta": 2 * beta} for r in rival]}) for _ in "ab"
        )
        assert first == again
        ratio = first["composition"]["alpha"]["ratio_to_wls"]
        assert ratio["low"] <= ratio["median"] <= ratio["high"]
        return ratio["high"] - ratio["low"]

    assert width(200) < width(10)


def test_settings_are_those_of_the_data() -> None:
    assert EXPERIMENT.settings() == {
        "model": "e_coli_core",
        "method": "min_norm",
        "noise": 0.05,
        "train_samples": module.TRAIN_SAMPLES,
    }
    assert [EXPERIMENT.repetitions.count(size) for size in ("quick", "usual", "full")] == [1, 10, 100]
