import dataclasses
import json

import numpy as np
import pytest

from metagnn.studies.harness.measured_rates import MeasuredRates, RatesTask
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.paper.less_data import CONTESTANTS, QUICK_SIZES, SIZES, SUBSTRATES, LessData

NAMES = [f"{model}_{constraint}" for model, constraint in CONTESTANTS]
SMALL = LessData(sizes=(6, 10))


@pytest.fixture
def task(small: None, store: SampleStore) -> RatesTask:
    return SMALL.data(store, 0)


def changed(task: RatesTask, names: list[str], factor: float = 1.5) -> RatesTask:
    """Other rates of some exchanges in the training samples."""
    rates = task.train.rates.copy()
    rates[names] *= factor
    return dataclasses.replace(task, train=MeasuredRates(task.train.truth, rates, task.train.growth))


def with_element(task: RatesTask, element: str) -> set[str]:
    row = task.network.element_balance(element).to_dense()[0]
    return {name for name in task.network.exchanges if row[task.network.reaction_index(name)] != 0}


def test_the_data_are_as_many_as_the_largest_size_needs(task: RatesTask) -> None:
    assert len(task.train.rates) == 10
    assert task.inputs == SUBSTRATES
    assert LessData().sizes == SIZES


def test_the_quick_form_leaves_out_the_largest_size() -> None:
    assert LessData().quick().sizes == QUICK_SIZES == tuple(size for size in SIZES if size < max(SIZES))
    assert LessData().quick().settings()["train_samples"] == list(QUICK_SIZES)


@pytest.mark.parametrize("name", NAMES)
def test_every_contestant_has_an_error_for_every_size(task: RatesTask, name: str) -> None:
    scores = SMALL.run(name, task, 0).scores
    assert list(scores) == ["6", "10"]
    assert all(0 < error < 10 for error in scores.values())


@pytest.mark.parametrize("name", NAMES)
def test_smaller_sizes_take_the_first_samples_and_no_other(task: RatesTask, name: str) -> None:
    rates, growth = task.train.rates.copy(), task.train.growth.copy()
    rates.iloc[6:] *= 1.3
    growth.iloc[6:] *= 2.0
    other = dataclasses.replace(task, train=MeasuredRates(task.train.truth, rates, growth))
    before, after = SMALL.run(name, task, 0).scores, SMALL.run(name, other, 0).scores
    assert before["6"] == after["6"]
    assert before["10"] != after["10"]


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_of_the_training_samples_and_of_growth_is_no_input(task: RatesTask, name: str) -> None:
    experiment, growth = LessData(sizes=(6,)), task.network.growth_reaction
    train = dataclasses.replace(task.train, truth=3 * task.train.truth + 7)
    # Tests are noise-free substrates: every other flux of the truth may change, and only errors of growth move.
    truth = task.test.truth.copy()
    truth[[name for name in truth if name not in (*SUBSTRATES, growth)]] = 1e3
    test = dataclasses.replace(task.test, truth=truth, rates=9 * task.test.rates, growth=9 * task.test.growth)
    other = dataclasses.replace(task, train=train, test=test)
    # To the last digit or two: sums over a table depend on how it lies in memory.
    assert experiment.run(name, task, 0).scores == pytest.approx(experiment.run(name, other, 0).scores, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("balance_mlp_constrained", {"C", "N"}),
        ("balance_mlp_carbon_only", {"C"}),
        ("balance_mlp_nitrogen_only", {"N"}),
        ("balance_mlp_unconstrained", set()),
    ],
)
def test_a_balance_uses_the_rates_of_its_element_and_no_others(task: RatesTask, name: str, elements: set[str]) -> None:
    experiment = LessData(sizes=(10,))
    used = set().union(*(with_element(task, element) for element in elements)) - set(SUBSTRATES)
    unused = set(task.network.exchanges) - set(SUBSTRATES) - used
    before = experiment.run(name, task, 0).scores
    assert experiment.run(name, changed(task, sorted(unused)), 0).scores == before
    if used:
        assert experiment.run(name, changed(task, sorted(used)), 0).scores != before


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("balance_mlp")])
def test_the_others_are_given_substrates_alone(task: RatesTask, name: str) -> None:
    experiment = LessData(sizes=(10,))
    others = [name for name in task.network.exchanges if name not in SUBSTRATES]
    assert experiment.run(name, changed(task, others), 0).scores == experiment.run(name, task, 0).scores


def test_the_mean_has_the_error_of_the_mean(task: RatesTask) -> None:
    truth = task.test.truth[task.network.growth_reaction].to_numpy()
    expected = np.sqrt(np.mean((task.train.growth.to_numpy()[:6].mean() - truth) ** 2))
    assert SMALL.run("mean_unconstrained", task, 0).scores["6"] == pytest.approx(expected)


def test_single_balances_are_left_out_of_the_quick_form() -> None:
    assert set(LessData().contestants("full")) == set(LessData().contestants("usual")) == set(NAMES)
    left_out = {"balance_mlp_carbon_only", "balance_mlp_nitrogen_only"}
    assert set(LessData().contestants("quick")) == set(NAMES) - left_out


def test_results_are_by_model_constraint_and_size() -> None:
    runs = {
        "balance_mlp_carbon_only": [{"10": 0.3, "30": 0.2}],
        "flux_gnn_constrained": [{"10": 0.3, "30": 0.2}, {"10": 0.1, "30": 0.4}, {"10": 0.2, "30": 0.6}],
        "flux_gnn_unconstrained": [{"10": 0.5, "30": 0.5}],
    }
    tree = LessData().results(runs)
    assert tree == {
        "less_data": {
            "flux_gnn": {
                "constrained": {
                    "10": {"median": 0.2, "min": 0.1, "max": 0.3},
                    "30": {"median": 0.4, "min": 0.2, "max": 0.6},
                },
                "unconstrained": {
                    "10": {"median": 0.5, "min": 0.5, "max": 0.5},
                    "30": {"median": 0.5, "min": 0.5, "max": 0.5},
                },
            },
            "balance_mlp": {
                "carbon_only": {
                    "10": {"median": 0.3, "min": 0.3, "max": 0.3},
                    "30": {"median": 0.2, "min": 0.2, "max": 0.2},
                },
            },
        }
    }
    assert json.loads(json.dumps(tree)) == tree
