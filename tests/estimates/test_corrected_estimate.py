import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.estimates.corrected_estimate import CorrectedEstimate
from metagnn.estimates.flux_estimate import fit_flux_estimate
from metagnn.inputs.max_uptake import MaxUptake
from metagnn.inputs.rates import Rates
from metagnn.network import MetabolicNetwork
from metagnn.testing import assert_balanced
from tests.measured_cells import MEASURED, cell, wasteful


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    return cell()


@pytest.fixture(scope="module")
def samples(network: MetabolicNetwork) -> FluxBatch:
    media, _, measured = wasteful(12)
    observed = np.full((12, len(network.reactions)), np.nan)
    observed[:, [network.reaction_index(name) for name in MEASURED]] = measured
    return FluxBatch(MaxUptake().read(network, media), torch.from_numpy(observed))


@pytest.fixture(scope="module")
def simple(network: MetabolicNetwork, samples: FluxBatch) -> CorrectedEstimate:
    flat = np.zeros(len(network.reactions))
    errors = pd.DataFrame({"training samples": [0.1], "left out": [0.2]}, index=["prediction"])
    return CorrectedEstimate(fit_flux_estimate(network, samples), flat, flat + 1.0, errors)


def learned(samples: FluxBatch) -> np.ndarray:
    """What some graph network says: far off."""
    return 2.0 * np.nan_to_num(samples.observed.numpy()) + 1.0


def test_without_a_share_the_network_has_no_say(simple, samples):
    assert not simple.needs_network
    mean, deviation = simple.targets(samples.conditions, learned(samples))
    for ours, theirs in zip((mean, deviation), simple.estimate.predict(samples.conditions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_targets_are_an_average_and_the_whole_share_is_the_network(network, simple, samples):
    at, said = simple.estimate.positions, learned(samples)
    plain, _ = simple.targets(samples.conditions, None)
    half, whole = (dataclasses.replace(simple, shares=np.full(len(network.reactions), c)) for c in (0.5, 1.0))
    assert half.needs_network
    np.testing.assert_allclose(half.targets(samples.conditions, said)[0][:, at], 0.5 * (plain + said)[:, at])
    np.testing.assert_allclose(whole.targets(samples.conditions, said)[0][:, at], said[:, at])
    # What was never measured stays open, and a sample of which the network says nothing has the estimate.
    assert np.isnan(whole.targets(samples.conditions, said)[0][:, network.reaction_index("ferment")]).all()
    said[3] = np.nan
    np.testing.assert_allclose(whole.targets(samples.conditions, said)[0][3], plain[3])


def test_gains_divide_what_is_thought_of_the_fluxes(network, simple, samples):
    gains = np.ones(len(network.reactions))
    gains[network.reaction_index("growth")] = 0.5
    mean, deviation = dataclasses.replace(simple, gains=gains).targets(samples.conditions, None)
    plain, sure = simple.targets(samples.conditions, None)
    np.testing.assert_allclose(mean, plain / gains)
    np.testing.assert_allclose(deviation, sure / gains)


@pytest.mark.parametrize("share", [0.0, 0.7])
def test_fluxes_balance_and_keep_the_bounds_whatever_the_network_says(network, simple, samples, share):
    corrected = dataclasses.replace(simple, shares=np.full(len(network.reactions), share))
    fluxes = corrected.fluxes(network, samples.conditions, learned(samples))
    assert_balanced(network, torch.from_numpy(fluxes))
    assert (fluxes >= samples.conditions.lower.numpy() - 1e-9).all()
    assert (fluxes <= samples.conditions.upper.numpy() + 1e-9).all()


def test_the_same_numbers_in_parts(network, simple, samples):
    whole = simple.fluxes(network, samples.conditions, None)
    rows = [simple.fluxes(network, samples.conditions.rows([row]), None)[0] for row in range(12)]
    np.testing.assert_allclose(np.stack(rows), whole, rtol=1e-9, atol=1e-9)


def test_a_measured_rate_that_is_no_target_holds_itself(network):
    media, _, measured = wasteful(12)
    conditions = Rates().read(network, pd.DataFrame({"EX_a": -0.9 * media["EX_a"], "EX_a_std": 0.2}))
    observed = np.full((12, len(network.reactions)), np.nan)
    observed[:, network.reaction_index("growth")] = measured["growth"]
    estimate = fit_flux_estimate(network, FluxBatch(conditions, torch.from_numpy(observed)))
    flat = np.zeros(len(network.reactions))
    mean, deviation = CorrectedEstimate(estimate, flat, flat + 1, pd.DataFrame()).targets(conditions, None)
    at = network.reaction_index("EX_a")
    np.testing.assert_allclose(mean[:, at], -0.9 * media["EX_a"])
    assert (deviation[:, at] == 0.2).all()


def test_arrays_bring_back_the_same_fluxes(network, simple, samples):
    corrected = dataclasses.replace(simple, shares=np.full(len(network.reactions), 0.3))
    again = CorrectedEstimate.from_arrays(network, corrected.to_arrays(), corrected.errors)
    arguments = network, samples.conditions, learned(samples)
    np.testing.assert_array_equal(again.fluxes(*arguments), corrected.fluxes(*arguments))


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {"shares": arrays["shares"][1:]},
        lambda arrays: {"gains": arrays["gains"][None]},
        lambda arrays: {"gains": -arrays["gains"]},
        lambda arrays: {"gains": arrays["gains"] * np.nan},
    ],
)
def test_damaged_arrays_are_refused(network, simple, change):
    arrays = simple.to_arrays()
    with pytest.raises(ValueError, match="shares of shape"):
        CorrectedEstimate.from_arrays(network, arrays | change(arrays), simple.errors)
    for name in ("shares", "gains"):
        with pytest.raises(KeyError):
            CorrectedEstimate.from_arrays(network, {k: v for k, v in arrays.items() if k != name}, simple.errors)
