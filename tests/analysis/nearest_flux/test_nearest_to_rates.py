import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis import reconcile_rates
from metagnn.analysis.nearest_flux.nearest_to_rates import PRIOR
from metagnn.errors import InputError
from metagnn.network import MetabolicNetwork
from metagnn.nn import SteadyStateProjection
from metagnn.testing import assert_balanced, random_network, toy_network

Bounds = tuple[np.ndarray, np.ndarray]


def bounds_of(network: MetabolicNetwork, samples: int) -> Bounds:
    return np.tile(network.bounds.lower, (samples, 1)), np.tile(network.bounds.upper, (samples, 1))


def exchanges(network: MetabolicNetwork, fluxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates of the exchanges and their deviations; NaN elsewhere."""
    measured = np.full(fluxes.shape, np.nan)
    measured[:, network.exchange_indices] = fluxes[:, network.exchange_indices]
    return measured, np.maximum(0.05 * np.abs(measured), 0.01)


def check_feasible(network: MetabolicNetwork, fluxes: np.ndarray, bounds: Bounds) -> None:
    assert_balanced(network, torch.from_numpy(fluxes), tolerance=1e-8)
    assert np.all(fluxes >= bounds[0] - 1e-8)
    assert np.all(fluxes <= bounds[1] + 1e-8)


def misfit_gradient(fluxes: np.ndarray, measured: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    known = ~np.isnan(measured)
    return np.where(known, (fluxes - np.nan_to_num(measured)) / np.where(known, deviation, 1.0) ** 2, PRIOR * fluxes)


def test_noisy_rates_become_feasible_and_nearer_to_the_truth(core: MetabolicNetwork, true_fluxes):
    measured, deviation = exchanges(core, true_fluxes)
    noisy = measured + deviation * np.random.default_rng(0).normal(size=measured.shape)
    bounds = bounds_of(core, 12)
    bounds[0][:, core.exchange_indices] = -100.0
    found = reconcile_rates(core, bounds, noisy, deviation)
    assert found.status == ("optimal",) * 12
    check_feasible(core, found.fluxes, bounds)
    seen = core.exchange_indices
    before, after = (
        np.square((rates - true_fluxes)[:, seen] / deviation[:, seen]).mean() for rates in (noisy, found.fluxes)
    )
    assert after < 0.8 * before


def test_rates_that_are_feasible_already_come_back(core: MetabolicNetwork, true_fluxes):
    bounds = bounds_of(core, 12)
    bounds[0][:, core.exchange_indices] = -100.0
    found = reconcile_rates(core, bounds, true_fluxes, np.full(true_fluxes.shape, 0.1))
    np.testing.assert_allclose(found.fluxes, true_fluxes, atol=1e-7)
    measured, deviation = exchanges(core, true_fluxes)
    some = reconcile_rates(core, bounds, measured, deviation).fluxes[:, core.exchange_indices]
    np.testing.assert_allclose(some, true_fluxes[:, core.exchange_indices], atol=0.1)
    assert np.abs(some).max() > 5


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.2, 1.0))
def test_no_feasible_direction_improves_the_fit(seed, share):
    network, random = random_network(seed), np.random.default_rng(seed)
    bounds = bounds_of(network, 4)
    measured = random.normal(scale=60, size=(4, 16))
    measured[random.random((4, 16)) > share] = np.nan
    deviation = np.exp(random.normal(size=(4, 16)))
    found = reconcile_rates(network, bounds, measured, deviation)
    assert found.status == ("optimal",) * 4
    check_feasible(network, found.fluxes, bounds)
    # The polytope is convex: the way to any feasible point is a feasible direction.
    elsewhere = reconcile_rates(network, bounds, random.normal(scale=60, size=(4, 16)), np.ones((4, 16))).fluxes
    slope = misfit_gradient(found.fluxes, measured, deviation)
    for other in elsewhere:
        assert np.all((slope * (other - found.fluxes)).sum(axis=1) >= -1e-6 * np.abs(slope).max() * 100)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_is_idempotent_and_a_sample_does_not_hear_of_others(seed):
    network, random = random_network(seed), np.random.default_rng(seed)
    measured, deviation = random.normal(scale=60, size=(3, 16)), np.exp(random.normal(size=(3, 16)))
    once = reconcile_rates(network, bounds_of(network, 3), measured, deviation).fluxes
    twice = reconcile_rates(network, bounds_of(network, 3), once, deviation).fluxes
    np.testing.assert_allclose(twice, once, atol=1e-6)
    assert np.abs(once - measured).max() > 1e-3
    alone = reconcile_rates(network, bounds_of(network, 1), measured[1:2], deviation[1:2]).fluxes
    np.testing.assert_allclose(alone[0], once[1], atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_without_bounds_it_is_the_weighted_projection(seed):
    network, random = random_network(seed), np.random.default_rng(seed)
    measured, deviation = random.normal(size=(2, 16)), np.exp(random.normal(size=16))
    wide = np.full((2, 16), 1e4)
    found = reconcile_rates(network, (-wide, wide), measured, np.tile(deviation, (2, 1))).fluxes
    project = SteadyStateProjection(network.stoichiometry)
    expected = project(torch.from_numpy(measured), torch.from_numpy(deviation**-2.0))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-7)


def test_by_hand_the_more_certain_rate_moves_less():
    network = toy_network({"EX_a": "a <=>", "r": "a -> b", "EX_b": "b <=>"})
    measured, deviation = np.array([[-1.0, np.nan, 2.0]]), np.array([[0.1, np.nan, 0.2]])
    found = reconcile_rates(network, bounds_of(network, 1), measured, deviation).fluxes[0]
    # Precisions 100 and 25: the mean of 1 and 2 is 1.2.
    np.testing.assert_allclose(found, [-1.2, 1.2, 1.2], atol=1e-5)


def test_a_sample_without_a_feasible_flux_costs_only_its_own_row():
    network = toy_network({"EX_a": "a <=>", "r": "a -> b", "EX_b": "b <=>"})
    lower, upper = bounds_of(network, 3)
    lower[1, 1], upper[1, 0] = 2.0, 0.0
    lower[1, 0] = -1.0
    measured = np.array([[-1.0, np.nan, 1.0]] * 3)
    seen = []
    found = reconcile_rates(
        network, (lower, upper), measured, np.full((3, 3), 0.1), lambda done, total: seen.append((done, total))
    )
    assert found.status == ("optimal", "infeasible", "optimal")
    assert np.isnan(found.fluxes[1]).all()
    np.testing.assert_allclose(found.fluxes[[0, 2]], [[-1.0, 1.0, 1.0]] * 2, atol=1e-5)
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("name", ["lower", "upper", "deviation"])
def test_arrays_of_another_shape_are_refused(name):
    network = toy_network({"EX_a": "a <=>", "r": "a ->"})
    arrays = {key: np.ones((2, 2)) for key in ("lower", "upper", "measured", "deviation")} | {name: np.ones((2, 3))}
    with pytest.raises(InputError, match=rf"`{name}` has shape \(2, 3\); expected \(2, 2\)"):
        reconcile_rates(network, (arrays["lower"], arrays["upper"]), arrays["measured"], arrays["deviation"])


def test_measurements_of_another_network_are_refused():
    network = toy_network({"EX_a": "a <=>", "r": "a ->"})
    with pytest.raises(InputError, match=r"`measured` has shape \(2, 3\); expected \(2, 2\)"):
        reconcile_rates(network, bounds_of(network, 2), np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("value", [0.0, -0.1, np.nan])
def test_a_measurement_without_a_positive_deviation_is_refused(value):
    network = toy_network({"EX_a": "a <=>", "r": "a ->"})
    measured, deviation = np.array([[1.0, np.nan]]), np.array([[value, 1.0]])
    with pytest.raises(InputError, match="`deviation` must be positive wherever `measured` has a value"):
        reconcile_rates(network, bounds_of(network, 1), measured, deviation)
    # Where nothing was measured, it does not matter.
    assert reconcile_rates(network, bounds_of(network, 1), measured[:, ::-1], deviation).status == ("optimal",)
