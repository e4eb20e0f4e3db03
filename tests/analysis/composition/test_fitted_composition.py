import dataclasses
import json

import numpy as np
import pytest
import torch

from metagnn.analysis import Composition, contents_by_reconciliation, fitted_composition
from metagnn.datasets import FluxBatch
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.nn import BiomassComposition
from metagnn.testing import toy_network

QUANTILE = 1.6449
EVERYTHING = (0.0, float("inf"))


def observe(network: MetabolicNetwork, fluxes: np.ndarray, hidden: tuple[str, ...] = (), noise: int | None = None):
    """Measured exchanges and observed growth with 5 %, at least 0.01 mmol/gDW/h and 0.001/h; with noise of a seed."""
    growth = network.reaction_index(network.growth_reaction)
    deviation = np.maximum(0.05 * np.abs(fluxes), 0.01)
    deviation[:, growth] = np.maximum(0.05 * np.abs(fluxes[:, growth]), 1e-3)
    if noise is not None:
        fluxes = fluxes + deviation * np.random.default_rng(noise).normal(size=fluxes.shape)
    measured, spread, observed = (np.full(fluxes.shape, np.nan) for _ in range(3))
    seen = [network.reaction_index(name) for name in network.exchanges if name not in hidden]
    measured[:, seen], spread[:, seen] = fluxes[:, seen], deviation[:, seen]
    observed[:, growth] = fluxes[:, growth]
    bounds = torch.zeros(fluxes.shape, dtype=torch.float64)
    conditions = Conditions(bounds, bounds, torch.from_numpy(measured), torch.from_numpy(spread))
    return FluxBatch(conditions, torch.from_numpy(observed))


def errors(composition: Composition) -> list[float]:
    """Standard errors of the logarithms of alpha and beta."""
    intervals = (composition.alpha_interval, composition.beta_interval)
    return [float(np.log(high / low)) / (2 * QUANTILE) for low, high in intervals]


def simple() -> MetabolicNetwork:
    """Growth from carbon and nitrogen, two of each."""
    return toy_network(
        {"EX_a": "a <=>", "EX_b": "b <=>", "growth": "a + 2 b ->"}, "growth", formulas={"a": "C2", "b": "N"}
    )


def simple_fluxes(samples: int) -> np.ndarray:
    return np.outer(np.linspace(0.5, 2.0, samples), [-1.0, -2.0, 1.0])


@pytest.mark.parametrize("logarithmic", [True, False])
@pytest.mark.parametrize("samples", [1, 9])
def test_by_hand_the_error_is_that_of_a_ratio(samples, logarithmic):
    network, fluxes = simple(), simple_fluxes(samples)
    batch = observe(network, fluxes)
    batch.conditions.deviation[:, 1] *= 2
    # α is a quotient of rate and growth, each with 5 %; β of a rate with 10 %.
    found = fitted_composition(BiomassComposition(network, "elemental", logarithmic), batch, torch.from_numpy(fluxes))
    assert (found.alpha, found.beta) == pytest.approx((2.0, 2.0))
    expected = np.array([np.hypot(0.05, 0.05), np.hypot(0.1, 0.05)]) / np.sqrt(samples)
    assert errors(found) == pytest.approx(expected, rel=1e-6)
    low, high = found.alpha_interval
    assert np.sqrt(low * high) == pytest.approx(2.0)


def test_a_content_known_no_better_than_by_half_is_not_determined():
    network, fluxes = simple(), simple_fluxes(1)
    for relative, determined in ((0.49, True), (0.5, False), (5.0, False)):
        batch = observe(network, fluxes)
        batch.conditions.deviation[:, 0] = relative * torch.from_numpy(np.abs(fluxes[:, 0]))
        found = fitted_composition(BiomassComposition(network, "elemental"), batch, torch.from_numpy(fluxes))
        assert np.isfinite(found.alpha) == determined
        assert (found.alpha_interval == EVERYTHING) != determined
        assert found.beta == pytest.approx(2.0)


def test_without_growth_nothing_is_said_of_biomass():
    network, fluxes = simple(), simple_fluxes(4)
    batch, unseen = observe(network, fluxes), observe(network, fluxes)
    unseen.observed[:] = torch.nan
    composition = BiomassComposition(network, "elemental")
    for samples, predicted in ((unseen, fluxes), (batch, 0 * fluxes)):
        found = fitted_composition(composition, samples, torch.from_numpy(predicted))
        assert np.isnan([found.alpha, found.beta]).all()
        assert found.alpha_interval == found.beta_interval == EVERYTHING


@pytest.mark.parametrize("kind", ["elemental", "precursor"])
def test_without_noise_the_truth_lies_in_a_tight_interval(core: MetabolicNetwork, true_fluxes, kind):
    found = fitted_composition(
        BiomassComposition(core, kind), observe(core, true_fluxes), torch.from_numpy(true_fluxes)
    )
    for content, (low, high), true in (
        (found.alpha, found.alpha_interval, 42.5555),
        (found.beta, found.beta_interval, 5.4528),
    ):
        assert content == pytest.approx(true, abs=1e-6)
        assert low < true < high
        assert 1.001 < high / low < 1.15


@pytest.mark.parametrize(
    ("kind", "hidden", "alpha", "beta"),
    [
        ("elemental", (), True, True),
        ("elemental", ("EX_co2_e",), True, True),
        ("elemental", ("EX_nh4_e",), True, True),
        # Water and protons, exactly known, would tell hydrogen, which follows carbon.
        ("elemental", ("EX_co2_e", "EX_o2_e"), True, True),
        ("elemental", ("EX_co2_e", "EX_o2_e", "EX_h2o_e"), False, True),
        ("elemental", ("EX_h2o_e", "EX_h_e", "EX_pi_e"), True, True),
        ("elemental", ("EX_co2_e", "EX_o2_e", "EX_h2o_e", "EX_h_e", "EX_pi_e"), False, True),
        ("precursor", (), True, True),
        # Nothing but the carbon balance itself speaks of carbon once every element of biomass may change.
        ("precursor", ("EX_co2_e",), False, True),
        ("precursor", ("EX_nh4_e",), True, False),
        ("precursor", ("EX_nh4_e", "EX_co2_e"), False, False),
    ],
)
def test_what_is_not_measured_leaves_contents_undetermined(
    core: MetabolicNetwork, true_fluxes, kind, hidden, alpha, beta
):
    batch = observe(core, true_fluxes, hidden)
    found = fitted_composition(BiomassComposition(core, kind), batch, torch.from_numpy(true_fluxes))
    for content, interval, known in (
        (found.alpha, found.alpha_interval, alpha),
        (found.beta, found.beta_interval, beta),
    ):
        assert np.isfinite(content) == known
        assert (interval == EVERYTHING) != known


def test_every_rate_that_is_measured_narrows_the_intervals(core: MetabolicNetwork, true_fluxes):
    composition = BiomassComposition(core, "elemental")
    widths = [
        errors(fitted_composition(composition, observe(core, true_fluxes, hidden), torch.from_numpy(true_fluxes)))
        for hidden in ((), ("EX_co2_e",), ("EX_co2_e", "EX_h_e"), ("EX_co2_e", "EX_h_e", "EX_nh4_e"))
    ]
    assert np.all(np.diff(np.array(widths), axis=0) >= 0)
    assert np.all(np.array(widths[-1]) > 1.5 * np.array(widths[0]))


@pytest.mark.parametrize("kind", ["elemental", "precursor"])
def test_information_adds_up_over_samples(core: MetabolicNetwork, true_fluxes, kind):
    composition = BiomassComposition(core, kind)
    once, twice = (
        fitted_composition(composition, observe(core, fluxes), torch.from_numpy(fluxes))
        for fluxes in (true_fluxes, np.tile(true_fluxes, (2, 1)))
    )
    assert errors(twice) == pytest.approx(np.array(errors(once)) / np.sqrt(2), rel=1e-6)


def test_residuals_larger_than_their_deviations_widen_the_intervals_and_smaller_ones_do_not(
    core: MetabolicNetwork, true_fluxes
):
    composition, batch = BiomassComposition(core, "elemental"), observe(core, true_fluxes)
    signs = torch.from_numpy(np.sign(np.random.default_rng(0).normal(size=true_fluxes.shape)))
    found = []
    for size in (0.0, 0.3, 5.0, 10.0):
        told = batch.conditions
        told = dataclasses.replace(told, measured=told.measured + size * told.deviation * signs)
        samples = dataclasses.replace(batch, conditions=told)
        found.append(errors(fitted_composition(composition, samples, torch.from_numpy(true_fluxes))))
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert found[3] == pytest.approx(2 * np.array(found[2]), rel=1e-9)
    assert min(found[2]) > 4 * max(1e-9, min(found[0]))


def nearest_steady_state(composition: BiomassComposition, measured: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Least squares of what was measured, over all fluxes at steady state."""
    basis, seen = composition.basis().detach().numpy(), ~np.isnan(measured)
    weights = [
        np.linalg.lstsq(basis[s] / d[s, None], m[s] / d[s], rcond=1e-9)[0]
        for s, m, d in zip(seen, measured, deviation, strict=True)
    ]
    return np.array(weights) @ basis.T


def test_the_intervals_hold_as_often_as_they_say(core: MetabolicNetwork, true_fluxes):
    composition, truth = BiomassComposition(core, "elemental"), np.log([42.5555, 5.4528])
    misses = []
    for seed in range(50):
        batch = observe(core, true_fluxes, noise=seed)
        growth = ~np.isnan(batch.observed.numpy())
        measured = np.where(growth, batch.observed, batch.conditions.measured)
        deviation = np.where(growth, np.maximum(0.05 * np.abs(measured), 1e-3), batch.conditions.deviation)
        composition.reset_contents(*contents_by_reconciliation(core, measured, deviation))
        fitted = nearest_steady_state(composition, measured, deviation)
        found = fitted_composition(composition, batch, torch.from_numpy(fitted))
        misses.append((np.log([found.alpha, found.beta]) - truth) / errors(found))
    misses = np.array(misses)
    assert np.all(np.abs(misses.mean(axis=0)) < 0.5)
    assert np.all(misses.std(axis=0) > 0.75)
    assert np.all(misses.std(axis=0) < 1.3)
    assert np.all((np.abs(misses) < QUANTILE).mean(axis=0) > 0.8)


@pytest.mark.parametrize("kind", ["elemental", "precursor"])
def test_a_gap_is_a_measurement_that_nobody_trusts(core: MetabolicNetwork, true_fluxes, kind):
    composition, batch = BiomassComposition(core, kind), observe(core, true_fluxes)
    gaps = torch.from_numpy(np.random.default_rng(0).random(true_fluxes.shape) < 0.3)
    assert 40 < int((gaps & ~torch.isnan(batch.conditions.measured)).sum()) < 100
    told, found = batch.conditions, []
    for measured, deviation in (
        (told.measured, told.deviation),
        (told.measured, torch.where(gaps, 1e5, told.deviation)),
        (torch.where(gaps, torch.nan, told.measured), told.deviation),
    ):
        conditions = dataclasses.replace(told, measured=measured, deviation=deviation)
        samples = dataclasses.replace(batch, conditions=conditions)
        found.append(errors(fitted_composition(composition, samples, torch.from_numpy(true_fluxes))))
    assert found[2] == pytest.approx(found[1], rel=1e-4)
    assert np.all(np.array(found[2]) > 1.001 * np.array(found[0]))


@pytest.mark.parametrize(
    "composition",
    [
        Composition(42.5, 5.4),
        Composition(42.5, 5.4, (40.0, 45.0), (5.0, 6.0)),
        Composition(float("nan"), 5.4, EVERYTHING, (5.0, 6.0)),
        Composition(float("nan"), float("nan"), EVERYTHING, EVERYTHING),
    ],
)
def test_a_document_holds_no_nan_and_brings_everything_back(composition: Composition):
    text = json.dumps(composition.to_document(), allow_nan=False)
    again = Composition.from_document(json.loads(text))
    np.testing.assert_array_equal([again.alpha, again.beta], [composition.alpha, composition.beta])
    assert again.alpha_interval == composition.alpha_interval
    assert again.beta_interval == composition.beta_interval


def test_a_damaged_document_is_no_composition():
    document = Composition(42.5, 5.4, (40.0, 45.0), (5.0, 6.0)).to_document()
    with pytest.raises(ValueError, match="where a list is expected"):
        Composition.from_document(document | {"alpha_interval": 3.0})
    with pytest.raises(KeyError, match="beta"):
        Composition.from_document({name: value for name, value in document.items() if name != "beta"})
