import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.studies.harness.measured_rates import (
    CO2,
    SELDOM_MEASURED,
    RatesTask,
    as_fluxes,
    own_contents,
    random_start,
)
from metagnn.studies.rivals import rate_rivals as module
from metagnn.studies.rivals.rate_rivals import (
    CO2_ERROR,
    balance_mlp,
    carbon_and_electron_balance,
    carbon_balance,
    classical_network,
    co2_from_carbon_and_electrons,
    flux_gnn,
    optimiser_steps,
    reconciliation,
    train_balance_mlp,
    train_flux_gnn,
)

MakeTask = Callable[..., RatesTask]
Change = Callable[[RatesTask], RatesTask]

pytestmark = pytest.mark.filterwarnings("ignore:the data do not determine")


def true_co2(task: RatesTask) -> np.ndarray:
    return task.test.truth[CO2].to_numpy()


@pytest.mark.parametrize("known", [True, False])
def test_the_carbon_balance_is_exact_without_noise(make_task: MakeTask, without_noise: Change, known: bool) -> None:
    task = without_noise(make_task(known=known))
    answer = carbon_balance(task, 0)
    np.testing.assert_allclose(answer.co2, true_co2(task), rtol=1e-9)
    assert np.isnan(answer.fluxes).all()


@pytest.mark.parametrize("known", [True, False])
def test_carbon_and_electrons_give_co2_without_growth(make_task: MakeTask, without_noise: Change, known: bool) -> None:
    task = without_noise(make_task(known=known))
    np.testing.assert_allclose(carbon_and_electron_balance(task, 0).co2, true_co2(task), rtol=1e-9)
    fluxes = as_fluxes(task.network, task.test)
    growth, co2 = task.network.reaction_index(task.network.growth_reaction), task.network.reaction_index(CO2)
    fluxes[:, [growth, co2]] = np.nan
    np.testing.assert_allclose(co2_from_carbon_and_electrons(task.network, fluxes), true_co2(task), rtol=1e-9)


@pytest.mark.parametrize("hidden", [(CO2,), (CO2, *SELDOM_MEASURED)])
@pytest.mark.parametrize("with_growth", [False, True])
def test_reconciliation_finds_the_true_co2_without_noise(
    make_task: MakeTask, without_noise: Change, hidden: tuple[str, ...], with_growth: bool
) -> None:
    task = without_noise(make_task(hidden))
    answer = reconciliation(task, 0, with_growth)
    np.testing.assert_allclose(answer.co2, true_co2(task), rtol=2e-3)
    assert np.abs(task.network.stoichiometry.to_scipy() @ answer.fluxes.T).max() < 1e-6


def test_reconciliation_sees_growth_only_if_it_may(make_task: MakeTask) -> None:
    task = make_task()
    test = dataclasses.replace(task.test, growth=1.2 * task.test.growth)
    faster = dataclasses.replace(task, test=test)
    np.testing.assert_array_equal(reconciliation(task, 0).fluxes, reconciliation(faster, 0).fluxes)
    assert not np.allclose(reconciliation(task, 0, True).fluxes, reconciliation(faster, 0, True).fluxes, rtol=1e-3)


def test_classical_estimators_know_the_composition_or_find_it(make_task: MakeTask, without_noise: Change) -> None:
    known = make_task()
    assert classical_network(known) is known.network
    found = own_contents(classical_network(without_noise(make_task(known=False))))
    assert found == pytest.approx(own_contents(known.network), rel=1e-9)
    noisy = own_contents(classical_network(make_task(known=False)))
    assert noisy != pytest.approx(own_contents(known.network), rel=1e-4)
    assert noisy == pytest.approx(own_contents(known.network), rel=0.2)


@pytest.mark.parametrize(
    "contestant",
    [
        lambda task: flux_gnn(task, 0),
        lambda task: flux_gnn(task, 0, "soft"),
        lambda task: balance_mlp(task, 0, False, ("co2",)),
        lambda task: balance_mlp(task, 0, True, ("co2", "internal")),
        lambda task: carbon_balance(task, 0),
        lambda task: carbon_and_electron_balance(task, 0),
        lambda task: reconciliation(task, 0),
        lambda task: reconciliation(task, 0, True),
    ],
    ids=[
        "flux_gnn",
        "flux_gnn_soft",
        "as_described",
        "tuned_internal",
        "carbon",
        "electrons",
        "reconciled",
        "reconciled_growth",
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_the_truth_and_hidden_rates_are_not_looked_at(
    small: None, make_task: MakeTask, tampered: Change, contestant: Callable[[RatesTask], module.Answer], known: bool
) -> None:
    task = make_task(known=known)
    answer, again = contestant(task), contestant(tampered(task))
    np.testing.assert_array_equal(answer.co2, again.co2)
    np.testing.assert_array_equal(answer.fluxes, again.fluxes)
    assert np.isfinite(answer.co2).all()
    losses = [a.history.drop(columns=CO2_ERROR, errors="ignore") for a in (answer, again)]
    pd.testing.assert_frame_equal(*losses)


@pytest.mark.parametrize("known", [True, False])
def test_flux_gnn_is_at_steady_state_and_its_co2_closes_carbon(small: None, make_task: MakeTask, known: bool) -> None:
    answer = flux_gnn(make_task(known=known), 0)
    assert np.abs(answer.network.stoichiometry.to_scipy() @ answer.fluxes.T).max() < 1e-9
    np.testing.assert_allclose(answer.co2, answer.fluxes[:, answer.network.reaction_index(CO2)], atol=1e-9)
    assert (own_contents(answer.network) == own_contents(make_task().network)) is known


@pytest.mark.parametrize(
    "contestant",
    [lambda task: flux_gnn(task, 0), lambda task: balance_mlp(task, 0, True, ("co2",))],
    ids=["gnn", "mlp"],
)
def test_the_error_of_co2_is_watched_on_the_training_samples(
    small: None, make_task: MakeTask, contestant: Callable[[RatesTask], module.Answer]
) -> None:
    task = make_task()
    answer = contestant(dataclasses.replace(task, test=task.train))
    truth = task.train.truth[CO2].to_numpy()
    # Even a median of twelve: torch takes the lower of the two in the middle.
    expected = np.sort(np.abs(answer.co2 - truth) / truth)[5]
    assert answer.history[CO2_ERROR].iloc[-1] == pytest.approx(expected, rel=1e-6)


def test_the_paper_network_says_only_what_it_was_given_heads_for(small: None, make_task: MakeTask) -> None:
    task = make_task()
    measured = task.conditions(task.test).measured.numpy()
    hidden = balance_mlp(task, 0, True, ("co2",)).fluxes
    said = {task.network.reaction_index(name) for name in (*task.network.exchanges, task.network.growth_reaction)}
    assert set(np.flatnonzero(~np.isnan(hidden).any(axis=0))) == said
    np.testing.assert_array_equal(hidden[~np.isnan(measured)], measured[~np.isnan(measured)])
    assert np.isfinite(balance_mlp(task, 0, True, ("co2", "internal")).fluxes).all()


@pytest.mark.parametrize("tuned", [False, True])
def test_an_unknown_composition_starts_where_it_is_told_to(make_task: MakeTask, tuned: bool) -> None:
    task = make_task((), known=False)
    still = dataclasses.replace(module.AS_DESCRIBED, epochs=1, composition_learning_rate=1e-12)
    for start, expected in (((30.0, 7.0), (30.0, 7.0)), (None, random_start(task.network, 4))):
        model, _ = train_balance_mlp(task, 4, tuned, training=still, start=start)
        found = [content.item() for content in model.composition.contents()]
        assert found == pytest.approx(expected, rel=1e-6)


def test_flux_gnn_starts_where_it_is_told_to(small: None, make_task: MakeTask) -> None:
    contents = [
        [
            content.item()
            for content in train_flux_gnn(make_task((), False), 0, start=start).model.composition.contents()
        ]
        for start in ((30.0, 7.0), (50.0, 4.0))
    ]
    # Three steps of at most the learning rate, 0.05, on a logarithm.
    assert contents[0] == pytest.approx((30.0, 7.0), rel=0.2)
    assert contents[1] == pytest.approx((50.0, 4.0), rel=0.2)


def test_nothing_is_watched_where_co2_is_measured(small: None, make_task: MakeTask) -> None:
    assert CO2_ERROR not in train_flux_gnn(make_task(()), 0).history_
    assert CO2_ERROR in train_flux_gnn(make_task(), 0).history_


def test_balances_are_measured_but_no_inputs(small: None, make_task: MakeTask) -> None:
    task = make_task()
    model, _ = train_balance_mlp(task, 0, True, balances=(CO2,))
    inputs = {task.network.reactions[index] for index in model.input_index.tolist()}
    assert inputs == set(task.inputs)
    batch = task.batch(task.test)
    with torch.no_grad():
        growth = model(batch.conditions).growth
        other = task.batch(task.test, (CO2,))
        assert torch.equal(model(other.conditions).growth, growth)


def test_steps_are_epochs_times_batches(small: None, make_task: MakeTask) -> None:
    task = make_task()
    assert optimiser_steps(pd.DataFrame({"epoch": range(7)}), task, 10) == 14
    assert optimiser_steps(pd.DataFrame({"epoch": range(7)}), task, 12) == 7
    assert balance_mlp(task, 0, True, ("co2",)).steps == 6
    assert flux_gnn(task, 0).steps == 3
    assert carbon_balance(task, 0).steps == 0


def test_the_paper_is_trained_as_it_describes() -> None:
    described, tuned = module.AS_DESCRIBED, module.TUNED
    assert (described.optimizer, described.learning_rate) == ("sgd", 1e-3)
    assert (described.carbon_weight, described.nitrogen_weight, described.electron_weight) == (1e-4, 1e-4, 0.0)
    # A hundred samples: a thousand steps, tuned or not.
    assert {config.epochs * -(-100 // config.batch_size) for config in (described, tuned)} == {1000}
