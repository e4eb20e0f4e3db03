import dataclasses

import numpy as np
import pytest
import torch

from metagnn.estimates.completion import complete_fluxes
from metagnn.estimates.flux_intervals import MOST_AT_ONCE, IntervalFinder, TargetBeliefs
from metagnn.inputs.max_uptake import MaxUptake
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.testing import assert_balanced
from tests.measured_cells import cell, wasteful

SAMPLES = 5


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    return cell()


@pytest.fixture(scope="module")
def conditions(network: MetabolicNetwork) -> Conditions:
    return MaxUptake().read(network, wasteful(SAMPLES)[0])


def beliefs(
    network: MetabolicNetwork, names: tuple[str, ...], scale: float = 2.0, samples: int = SAMPLES
) -> TargetBeliefs:
    """Of some fluxes of wasteful cells, with errors of samples left out."""
    truth = wasteful(samples)[1]
    mean = np.full((samples, len(network.reactions)), np.nan)
    at = [network.reaction_index(name) for name in names]
    mean[:, at] = truth[list(names)]
    deviation = np.where(np.isnan(mean), np.nan, 0.05 * np.abs(mean))
    errors = np.random.default_rng(0).normal(size=(30, mean.shape[1]))
    errors[:, np.setdiff1d(np.arange(mean.shape[1]), at)] = np.nan
    return TargetBeliefs(mean, deviation, np.full(samples, scale), errors, 0.9)


def predicted(network: MetabolicNetwork, conditions: Conditions, thought: TargetBeliefs) -> np.ndarray:
    return complete_fluxes(network, conditions, thought.mean, thought.deviation)


def test_half_widths_are_scales_times_deviations(network):
    thought = beliefs(network, ("growth", "respire"))
    np.testing.assert_allclose(thought.half_widths(), 2.0 * thought.deviation)
    by_flux = dataclasses.replace(thought, scale=np.full(thought.mean.shape, 3.0))
    np.testing.assert_allclose(by_flux.half_widths(), 3.0 * thought.deviation)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_drawn_targets_lie_within_their_intervals_as_often_as_the_level_says(network, level):
    thought = dataclasses.replace(beliefs(network, ("growth", "respire")), level=level)
    at = network.reaction_index("growth")
    drawn = thought.draw(1, 4000, 0)
    half = thought.half_widths()[1, at]
    assert (np.abs(drawn[:, at] - thought.mean[1, at]) <= half).mean() == pytest.approx(level, abs=0.08)
    assert drawn[:, at].mean() == pytest.approx(thought.mean[1, at], abs=0.1 * half)
    assert np.isnan(drawn[:, network.reaction_index("ferment")]).all()
    # The seed and the sample settle it.
    np.testing.assert_array_equal(thought.draw(1, 4000, 0), drawn)
    assert not np.array_equal(thought.draw(1, 4000, 1), drawn)


def test_errors_of_one_sample_are_drawn_together(network):
    thought = beliefs(network, ("growth", "respire"))
    growth, respire = (network.reaction_index(name) for name in ("growth", "respire"))
    tied = thought.errors.copy()
    tied[:, respire] = -tied[:, growth]
    drawn = dataclasses.replace(thought, errors=tied).draw(0, 300, 0)
    assert np.corrcoef(drawn[:, growth], drawn[:, respire])[0, 1] == pytest.approx(-1.0)


def test_drawn_fluxes_balance_keep_the_bounds_and_do_not_depend_on_other_samples(network, conditions):
    thought = beliefs(network, ("growth", "respire", "EX_b"))
    finder = IntervalFinder(network)
    drawn = finder.draws(conditions, thought, np.arange(SAMPLES), 6)
    assert drawn.shape == (SAMPLES, 6, len(network.reactions))
    assert_balanced(network, torch.from_numpy(drawn))
    assert (drawn >= conditions.lower.numpy()[:, None] - 1e-9).all()
    assert (drawn <= conditions.upper.numpy()[:, None] + 1e-9).all()
    alone = finder.draws(conditions, thought, np.array([3]), 6)
    np.testing.assert_allclose(alone[0], drawn[3], rtol=1e-9, atol=1e-9)


def test_many_samples_are_drawn_of_in_parts(network):
    many = MOST_AT_ONCE + 3
    conditions = MaxUptake().read(network, wasteful(many)[0])
    drawn = IntervalFinder(network).draws(conditions, beliefs(network, ("growth",), samples=many), np.arange(many), 2)
    assert np.isfinite(drawn).all()
    assert_balanced(network, torch.from_numpy(drawn))


@pytest.mark.parametrize("names", [("growth",), ("growth", "EX_b", "respire"), ("growth", "EX_b", "respire", "EX_o")])
def test_intervals_hold_the_prediction_within_the_bounds_and_the_measured_have_their_width(network, conditions, names):
    thought = beliefs(network, names)
    fluxes = predicted(network, conditions, thought)
    low, high = IntervalFinder(network).intervals(conditions, thought, fluxes)
    assert (low <= fluxes).all()
    assert (high >= fluxes).all()
    assert (low >= conditions.lower.numpy() - 1e-9).all()
    assert (high <= conditions.upper.numpy() + 1e-9).all()
    at = network.reaction_index("growth")
    half = thought.half_widths()[:, at]
    assert (low[:, at] <= thought.mean[:, at] - half + 1e-6 + 1e-3 * half).all()
    assert (high - low)[:, at] == pytest.approx(2 * half, rel=0.5)
    twice = dataclasses.replace(thought, scale=2 * thought.scale)
    wider = IntervalFinder(network).intervals(conditions, twice, fluxes)
    assert (wider[0][:, at] <= low[:, at] + 1e-9).all()
    assert (wider[1][:, at] >= high[:, at] - 1e-9).all()


def test_what_the_measured_fluxes_leave_free_has_all_that_it_can_be(network, conditions):
    thought = beliefs(network, ("growth",))
    fluxes = predicted(network, conditions, thought)
    low, high = IntervalFinder(network).intervals(conditions, thought, fluxes)
    # Growth does not tell how much food is only fermented: 3 growth = 2 ferment + 3 respire - EX_b.
    spilled, oxygen = network.reaction_index("EX_b"), network.reaction_index("EX_o")
    food = -conditions.lower[:, network.reaction_index("EX_a")].numpy()
    air = -conditions.lower[:, oxygen].numpy()
    burnt = np.minimum(food, air)
    most = 3 * burnt + 2 * (food - burnt) - 3 * fluxes[:, network.reaction_index("growth")]
    assert high[:, spilled] == pytest.approx(most, abs=1e-4)
    assert low[:, spilled] == pytest.approx(0.0, abs=1e-6)


def test_a_flux_that_the_measured_ones_determine_is_as_sure_as_they(network, conditions):
    # Two of the three fluxes of b, and respiration: everything follows.
    thought = beliefs(network, ("growth", "EX_b", "respire"), scale=0.01)
    fluxes = predicted(network, conditions, thought)
    low, high = IntervalFinder(network).intervals(conditions, thought, fluxes)
    assert (high - low).max() < 0.02 * np.abs(fluxes).max()


def test_a_sample_without_a_prediction_has_no_interval(network, conditions):
    thought = beliefs(network, ("growth", "respire"))
    fluxes = predicted(network, conditions, thought)
    fluxes[2] = np.nan
    low, high = IntervalFinder(network).intervals(conditions, thought, fluxes)
    for end in (low, high):
        assert np.isnan(end).any(axis=1).tolist() == np.isnan(end).all(axis=1).tolist()
        assert np.isnan(end).all(axis=1).tolist() == [row == 2 for row in range(SAMPLES)]


def test_learned_uptakes_cut_nothing_and_only_what_was_observed_has_an_interval(network, conditions):
    thought = beliefs(network, ("growth",), scale=40.0)
    fluxes = predicted(network, conditions, thought)
    low, high = IntervalFinder(network, cut=False).intervals(conditions, thought, fluxes)
    at = network.reaction_index("growth")
    assert np.isfinite(low[:, at]).all()
    assert (low[:, at] == 0.0).all()
    assert high[:, at] == pytest.approx(fluxes[:, at] + thought.half_widths()[:, at])
    assert np.isnan(np.delete(low, at, axis=1)).all()
