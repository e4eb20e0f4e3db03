from collections.abc import Callable

import numpy as np
import pytest

from metagnn.analysis import content_by_regression
from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_rates import (
    CO2,
    NOISE,
    SELDOM_MEASURED,
    TEST_SEED,
    RatesTask,
    as_fluxes,
    draw_rates,
    own_contents,
    random_start,
)
from metagnn.studies.harness.samples import SampleStore

MakeTask = Callable[..., RatesTask]


def test_noise_is_five_per_cent_and_what_is_zero_stays_zero(store: SampleStore, core: MetabolicNetwork) -> None:
    samples = draw_rates(store, 300, 0)
    shown = np.hstack([samples.rates.to_numpy(), samples.growth.to_numpy()])
    truth = samples.truth[[*core.exchanges, core.growth_reaction]].to_numpy()
    assert (shown[truth == 0] == 0).all()
    assert (truth == 0).any()
    errors = shown[truth != 0] / truth[truth != 0] - 1
    assert errors.std() == pytest.approx(NOISE, rel=0.05)
    assert abs(errors.mean()) < 4 * NOISE / np.sqrt(len(errors))
    # Growth has noise of its own, apart from that of the substrates.
    glucose, growth = (shown[:, i] / truth[:, i] for i in (list(core.exchanges).index("EX_glc__D_e"), -1))
    assert abs(np.corrcoef(glucose, growth)[0, 1]) < 0.25


def test_the_truth_is_at_steady_state(store: SampleStore, core: MetabolicNetwork) -> None:
    truth = draw_rates(store, 20, 0).truth.to_numpy()
    assert np.abs(core.stoichiometry.to_scipy() @ truth.T).max() < 1e-9


def test_draws_are_seeded(store: SampleStore) -> None:
    first, again, other = (draw_rates(store, 5, seed) for seed in (0, 0, 1))
    assert first.rates.equals(again.rates)
    assert first.growth.equals(again.growth)
    assert not np.allclose(first.truth, other.truth)


def test_training_samples_are_of_the_seed_and_test_samples_of_none(make_task: MakeTask) -> None:
    first, second = make_task(seed=0), make_task(seed=1)
    assert first.test.rates.equals(second.test.rates)
    assert first.test.truth.equals(second.test.truth)
    assert not first.train.rates.equals(second.train.rates)
    assert TEST_SEED not in range(1000)


@pytest.mark.parametrize("hidden", [(CO2,), (CO2, *SELDOM_MEASURED)])
def test_what_is_hidden_is_in_no_input(make_task: MakeTask, hidden: tuple[str, ...]) -> None:
    task = make_task(hidden)
    assert set(task.inputs) == set(task.network.exchanges) - set(hidden)
    positions = [task.network.reaction_index(name) for name in hidden]
    batch, conditions = task.batch(task.train), task.conditions(task.train)
    known = [tensor for c in (batch.conditions, conditions) for tensor in (c.measured, c.deviation)]
    for tensor in (*known, batch.observed):
        assert bool(tensor[:, positions].isnan().all())
    assert not set(hidden) & set(conditions.exchanges)
    for array in task.measured_with_growth(task.train):
        assert np.isnan(array[:, positions]).all()
    for bounds, own in (
        (batch.conditions.lower, task.network.bounds.lower),
        (batch.conditions.upper, task.network.bounds.upper),
    ):
        assert (bounds[:, positions].numpy() == own[positions]).all()


def test_growth_is_the_only_target(make_task: MakeTask) -> None:
    task = make_task()
    growth = task.network.reaction_index(task.network.growth_reaction)
    observed = task.batch(task.train).observed
    assert observed[:, growth].tolist() == task.train.growth.to_numpy()[:, 0].tolist()
    observed[:, growth] = np.nan
    assert bool(observed.isnan().all())


def test_others_are_measured_for_the_balances(make_task: MakeTask) -> None:
    task = make_task()
    index = task.network.reaction_index(CO2)
    measured = task.batch(task.train, [CO2]).conditions.measured
    assert measured is not None
    assert measured[:, index].tolist() == task.train.rates[CO2].tolist()


def test_growth_joins_the_measurements_with_its_deviation(make_task: MakeTask) -> None:
    task = make_task()
    growth = task.network.reaction_index(task.network.growth_reaction)
    measured, deviation = task.measured_with_growth(task.train)
    shown = task.train.growth.to_numpy()[:, 0]
    assert measured[:, growth].tolist() == shown.tolist()
    np.testing.assert_allclose(deviation[:, growth], np.maximum(0.05 * shown, 1e-3))
    assert (deviation[~np.isnan(measured)] > 0).all()
    # The task itself is left as it was.
    assert bool(task.conditions(task.train).measured[:, growth].isnan().all())


def test_the_first_samples_are_the_first(make_task: MakeTask) -> None:
    train = make_task().train
    for table, part in zip((train.truth, train.rates, train.growth), vars(train.first(4)).values(), strict=True):
        assert part.equals(table.iloc[:4])


def test_own_contents_close_the_balances_of_the_truth(
    make_task: MakeTask, without_noise: Callable[[RatesTask], RatesTask]
) -> None:
    task = without_noise(make_task())
    fluxes = as_fluxes(task.network, task.train)
    contents = own_contents(task.network)
    for content, element in zip(contents, ("C", "N"), strict=True):
        assert content_by_regression(task.network, element, fluxes) == pytest.approx(content, rel=1e-9)
    assert contents == pytest.approx((42.5555, 5.4528), abs=1e-4)


def test_random_starts_lie_within_half_of_the_truth_and_on_both_sides(core: MetabolicNetwork) -> None:
    starts = np.array([random_start(core, seed) for seed in range(200)]) / own_contents(core)
    assert ((starts >= 0.5) & (starts <= 1.5)).all()
    assert (starts.min(axis=0) < 0.55).all()
    assert (starts.max(axis=0) > 1.45).all()
    assert abs(np.corrcoef(starts.T)[0, 1]) < 0.3
    assert random_start(core, 3) == random_start(core, 3)


def test_rates_and_growth_stand_in_their_columns(make_task: MakeTask) -> None:
    task = make_task()
    fluxes = as_fluxes(task.network, task.train)
    for table in (task.train.rates, task.train.growth):
        for name in table:
            assert fluxes[:, task.network.reaction_index(name)].tolist() == table[name].tolist()
            fluxes[:, task.network.reaction_index(name)] = 0
    assert not fluxes.any()
