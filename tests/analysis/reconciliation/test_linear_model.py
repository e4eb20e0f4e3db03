import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.nearest_flux.nearest_to_rates import PRIOR
from metagnn.analysis.reconciliation.linear_model import HELD, measurement_weights, posterior, standardised
from metagnn.network.compression import null_basis


def nearest(laws: np.ndarray, right: np.ndarray, measured: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Minimum of Σ w (v − m)² where laws · v = right, by its Lagrangian."""
    rows, columns = laws.shape
    system = np.block([[np.diag(weights), laws.T], [laws, np.zeros((rows, rows))]])
    return np.linalg.solve(system, np.concatenate([weights * measured, right]))[:columns]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_response_is_how_the_nearest_flux_moves_with_the_composition(seed):
    rng = np.random.default_rng(seed)
    laws, changes = rng.normal(size=(3, 7)), rng.normal(size=(3, 2))
    measured, deviations, growth = rng.normal(size=7), rng.uniform(0.1, 1.0, 7), 0.7
    weights = deviations**-2
    # laws · v + changes · theta · growth = 0
    moves = -np.linalg.pinv(laws) @ changes
    found = posterior(null_basis(laws), moves, weights[None], np.array([growth]))
    at_rest = nearest(laws, np.zeros(3), measured, weights)
    for parameter in range(2):
        moved = nearest(laws, -changes[:, parameter] * growth, measured, weights)
        assert found.response[0, :, parameter] == pytest.approx(moved - at_rest, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_reconciling_takes_variance_away_and_a_new_measurement_takes_more(seed):
    rng = np.random.default_rng(seed)
    basis, deviations = null_basis(rng.normal(size=(3, 7))), rng.uniform(0.1, 1.0, (1, 7))
    measured = np.where(rng.random((1, 7)) < 0.4, np.nan, 1.0)
    before = posterior(basis, np.zeros((7, 0)), measurement_weights(measured, deviations), np.ones(1)).variance
    known = ~np.isnan(measured)
    assert (before[known] <= np.square(deviations[known]) * (1 + 1e-9)).all()
    after = posterior(basis, np.zeros((7, 0)), measurement_weights(np.ones((1, 7)), deviations), np.ones(1)).variance
    assert (after <= before * (1 + 1e-9)).all()


def test_weights_are_those_of_the_noise_of_the_prior_and_of_what_is_held():
    measured, deviations = np.array([[2.0, np.nan, 3.0]]), np.array([[0.5, np.nan, 0.1]])
    assert measurement_weights(measured, deviations).tolist() == [[4.0, PRIOR, pytest.approx(100.0)]]
    held = measurement_weights(measured, deviations, np.array([[False, True, False]]))
    assert held.tolist() == [[4.0, PRIOR + HELD, pytest.approx(100.0)]]


def test_right_measurements_have_standardised_residuals_of_unit_size():
    rng = np.random.default_rng(0)
    laws, deviations = rng.normal(size=(3, 6)), rng.uniform(0.1, 1.0, 6)
    truth = null_basis(laws) @ rng.normal(size=3)
    draws = truth + deviations * rng.standard_normal((4000, 6))
    fluxes = np.array([nearest(laws, np.zeros(3), row, deviations**-2) for row in draws])
    std = np.tile(deviations, (len(draws), 1))
    variance = posterior(null_basis(laws), np.zeros((6, 0)), std**-2, np.ones(len(draws))).variance
    assert standardised(draws, fluxes, std, variance).std(axis=0) == pytest.approx(1.0, abs=0.05)
