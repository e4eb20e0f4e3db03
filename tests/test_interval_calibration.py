import dataclasses

import numpy as np
import pytest

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.guarded_training import TrainingRun
from metagnn.inputs.names import InputNames
from metagnn.interval_calibration import Calibration, calibrated_estimate, cross_fitted
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.predictor_setup import SampleTables
from tests.measured_cells import MEASURED, cell, small, wasteful

NAN = np.nan


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    return cell()


@pytest.fixture(scope="module")
def fitted(network: MetabolicNetwork) -> FluxPredictor:
    media, _, measured = wasteful(18)
    return small(network).fit(media, measured)


def errors(samples: int = 20, seed: int = 0, groups: np.ndarray | None = None) -> Calibration:
    """Errors of two fluxes in units of deviations that say too little; a third was never observed."""
    random = np.random.default_rng(seed)
    deviation = random.uniform(0.5, 2.0, (samples, 3))
    found = 2.0 * deviation * random.normal(size=(samples, 3))
    found[:, 2] = NAN
    return Calibration(found, deviation, groups)


def test_scales_stretch_what_the_prediction_said_of_itself():
    calibration = errors(2000)
    assert calibration.observed.tolist() == [True, True, False]
    scales = calibration.scales(0.9)
    assert scales[:2] == pytest.approx(2 * 1.645, rel=0.06)
    assert np.isnan(scales[2])
    held = np.abs(calibration.errors[:, :2]) <= scales[:2] * calibration.deviation[:, :2]
    assert held.mean(axis=0) == pytest.approx(0.9, abs=0.002)
    assert np.nanstd(calibration.standardised()) == pytest.approx(2.0, rel=0.05)


def test_scales_grow_with_the_level_and_with_the_errors():
    calibration = errors()
    by_level = np.array([calibration.scales(level)[:2] for level in (0.3, 0.5, 0.8, 0.9, 0.95)])
    assert (np.diff(by_level, axis=0) >= 0).all()
    twice = dataclasses.replace(calibration, errors=2 * calibration.errors)
    assert twice.scales(0.9)[:2] == pytest.approx(2 * calibration.scales(0.9)[:2])


def test_scales_of_groups_cover_a_group_that_is_off_as_a_whole():
    groups = np.repeat(np.arange(10), 2)
    calibration = errors(20)
    found = calibration.errors.copy()
    found[groups == 3] += 30.0
    off = dataclasses.replace(calibration, errors=found)
    grouped = dataclasses.replace(off, groups=groups)
    held = np.abs(found[groups == 3]) <= grouped.scales(0.9) * off.deviation[groups == 3]
    assert held[:, :2].all()
    assert (grouped.scales(0.9)[:2] > off.scales(0.9)[:2]).all()
    # One group is none: rows are then taken as they are.
    one = dataclasses.replace(calibration, groups=np.zeros(20, dtype=np.int64))
    np.testing.assert_array_equal(one.scales(0.9), calibration.scales(0.9))


def test_a_flux_seen_too_rarely_is_as_far_off_as_the_worst():
    calibration = errors()
    rare = calibration.errors.copy()
    rare[5:, 1] = NAN
    scales = dataclasses.replace(calibration, errors=rare).scales(0.9)
    assert scales[1] == scales[0] == calibration.scales(0.9)[0]


def test_too_few_samples_and_levels_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"8 samples at most of a flux; an interval of level 0.9 needs at least 9"):
        errors(8).scales(0.9)
    errors(8).scales(0.8)
    for level in (0.0, 1.0, 2.0, NAN):
        with pytest.raises(InputError, match="expected a probability between 0 and 1"):
            errors().scales(level)


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(10), 2)])
def test_arrays_bring_back_the_same_calibration(groups):
    calibration = errors(groups=groups)
    again = Calibration.from_arrays(calibration.to_arrays(), 3)
    np.testing.assert_array_equal(again.scales(0.9), calibration.scales(0.9))
    np.testing.assert_array_equal(again.standardised(), calibration.standardised())


def test_damaged_arrays_are_refused():
    arrays = errors().to_arrays()
    for damaged in (arrays | {"errors": arrays["errors"][0]}, arrays | {"deviation": arrays["deviation"][1:]}):
        with pytest.raises(ValueError, match="errors of shape"):
            Calibration.from_arrays(damaged, 3)
    with pytest.raises(ValueError, match=r"expected \[samples, 4"):
        Calibration.from_arrays(arrays, 4)
    with pytest.raises(KeyError):
        Calibration.from_arrays({"errors": arrays["errors"]}, 3)


def test_an_estimates_errors_are_those_of_what_it_said_of_samples_left_out(network, fitted):
    kept = fitted._fitted
    positions = kept.corrected.estimate.positions
    left_out = kept.samples.observed.numpy() - 0.25
    calibration = calibrated_estimate(kept.corrected, kept.samples, left_out)
    assert calibration.errors[:, positions] == pytest.approx(0.25)
    assert np.flatnonzero(calibration.observed).tolist() == sorted(positions)
    assert (calibration.deviation[:, positions] > 0).all()
    # Errors of nothing at all do not promise intervals of no width.
    sure = dataclasses.replace(kept.corrected.estimate.chosen, deviation_left_out=np.zeros((18, len(positions))))
    certain = dataclasses.replace(kept.corrected, estimate=dataclasses.replace(kept.corrected.estimate, chosen=sure))
    assert (calibrated_estimate(certain, kept.samples, left_out).deviation[:, positions] > 0).all()


@pytest.mark.parametrize("grouped", [False, True])
def test_a_network_alone_is_tried_on_samples_that_it_did_not_see(network, grouped):
    media, _, measured = wasteful(12)
    setup = small(network)._setup()
    groups = np.repeat(["x", "y", "z", "w"], 3) if grouped else None
    samples = setup.read_samples(SampleTables(media, measured, groups=groups))
    names = InputNames(samples.conditions.exchanges, tuple(media.columns))
    calibration = cross_fitted(setup, samples, names, 2, TrainingRun())
    again = cross_fitted(setup, samples, names, 2, TrainingRun())
    np.testing.assert_array_equal(calibration.errors, again.errors)
    measured_at = [network.reaction_index(name) for name in MEASURED]
    assert np.isfinite(calibration.errors[:, measured_at]).all()
    assert np.flatnonzero(calibration.observed).tolist() == sorted(measured_at)
    assert (calibration.groups is not None) == grouped
    # What a sample was said to be does not depend on what was observed of it.
    changed = samples.observed.clone()
    changed[0] *= 1.5
    others = FluxBatch(samples.conditions, changed, samples.weight, samples.groups)
    other = cross_fitted(setup, others, names, 2, TrainingRun())
    said = samples.observed.numpy() - calibration.errors
    then = changed.numpy() - other.errors
    np.testing.assert_allclose(said[0, measured_at], then[0, measured_at], rtol=1e-12)
    assert not np.allclose(said[1:, measured_at], then[1:, measured_at], rtol=1e-9)
