import numpy as np
import pytest

from metagnn.analysis.reconciliation.gross_errors import gross_errors
from metagnn.analysis.reconciliation.linear_model import (
    checked_fluxes,
    determined_fluxes,
    measurement_weights,
    posterior,
)
from metagnn.network.compression import null_basis


def least_squares(laws, measured, deviations):
    covariance = np.diag(deviations**2)
    gain = covariance @ laws.T @ np.linalg.inv(laws @ covariance @ laws.T)
    values = measured - gain @ laws @ measured
    return values, float((((values - measured) / deviations) ** 2).sum())


@pytest.fixture
def problem():
    rng = np.random.default_rng(4)
    laws = rng.normal(size=(3, 7))
    truth = null_basis(laws) @ rng.normal(size=4) + 0.0
    deviations = rng.uniform(0.05, 0.2, 7)
    return laws, truth + deviations * rng.standard_normal(7), deviations


def test_variance_is_that_of_repeated_measurements(problem):
    laws, measured, deviations = problem
    rng = np.random.default_rng(0)
    basis = null_basis(laws)
    noise = deviations * rng.standard_normal((3000, 7))
    draws = np.array([least_squares(laws, measured + row, deviations)[0] for row in noise])
    found = posterior(basis, np.zeros((7, 0)), measurement_weights(measured[None], deviations[None]), np.zeros(1))
    assert np.sqrt(found.variance[0]) == pytest.approx(draws.std(axis=0), rel=0.06)


def test_a_drop_is_by_how_much_chi_squared_falls_without_the_measurement(problem):
    laws, measured, deviations = problem
    values, chi = least_squares(laws, measured, deviations)
    weights = measurement_weights(measured[None], deviations[None])
    variance = posterior(null_basis(laws), np.zeros((7, 0)), weights, np.zeros(1)).variance
    names = tuple("abcdefg")
    found = gross_errors(names, measured[None], values[None], deviations[None], variance, np.array([3]))
    assert found.chi_squared[0] == pytest.approx(chi)
    for position in range(7):
        wide = deviations.copy()
        wide[position] = 1e3
        freed, without = least_squares(laws, measured, wide)
        if freed[position] * measured[position] > 0:
            assert found.drops[0, position] == pytest.approx(chi - without, rel=1e-3, abs=1e-4)
        else:
            assert found.drops[0, position] < chi - without + 1e-9


def test_what_nothing_checks_has_no_residual():
    laws = np.array([[1.0, -1.0, 0.0]])
    measured, deviations = np.array([[1.0, 3.0, 5.0]]), np.full((1, 3), 0.1)
    values = np.array([[2.0, 2.0, 5.0]])
    weights = measurement_weights(measured, deviations)
    variance = posterior(null_basis(laws), np.zeros((3, 0)), weights, np.zeros(1)).variance
    found = gross_errors(("a", "b", "c"), measured, values, deviations, variance, np.array([1]))
    assert np.isnan(found.residuals[0]).tolist() == [False, False, True]
    assert found.suspect[0] in ("a", "b")
    assert found.suspect_p[0] < 1e-6


def test_determined_is_what_does_not_move_once_the_known_ones_stand_still(problem):
    basis = null_basis(problem[0])
    rng = np.random.default_rng(1)
    for _ in range(20):
        known = rng.random(7) < 0.5
        certain, rank = determined_fluxes(basis, known)
        assert rank == np.linalg.matrix_rank(basis[known]) if known.any() else rank == 0
        for position in range(7):
            stacked = np.vstack([basis[known], basis[position]])
            assert certain[position] == (np.linalg.matrix_rank(stacked) == rank)


def test_the_same_rate_with_the_other_sign_is_a_wrong_sign_and_half_of_it_is_not():
    laws = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    names, deviations = ("a", "b", "c"), np.full((2, 3), 0.1)
    measured = np.array([[3.0, 3.1, -3.0], [3.0, 3.1, -1.0]])
    values = np.array([least_squares(laws, row, deviations[0])[0] for row in measured])
    weights = measurement_weights(measured, deviations)
    variance = posterior(null_basis(laws), np.zeros((3, 0)), weights, np.zeros(2)).variance
    found = gross_errors(names, measured, values, deviations, variance, np.array([2, 2]))
    assert found.flipped.tolist() == [[False, False, True], [False, False, False]]
    assert found.others[:, 2] == pytest.approx(3.05, rel=1e-3)
    assert found.others_std[0, 2] == pytest.approx(0.1 / np.sqrt(2), rel=1e-3)
    assert found.note(0) == "c: -3 measured, 3.05 ± 0.071 from the others; the sign?"
    assert "sign" not in found.note(1)


def test_what_no_other_measurement_reaches_is_not_checked(problem):
    basis, nothing = null_basis(problem[0]), np.zeros(7, dtype=bool)
    rng = np.random.default_rng(3)
    for _ in range(20):
        known = rng.random(7) < 0.8
        checked = checked_fluxes(basis, known, nothing)
        for position in np.flatnonzero(known):
            others = known.copy()
            others[position] = False
            assert checked[position] == determined_fluxes(basis, others)[0][position]
        assert not checked[~known].any()
