import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metagnn.estimates.network_shares import fit_shares


def samples(seed: int, rows: int = 60, fluxes: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(rows, fluxes))
    return truth, rng.normal(size=truth.shape), np.arange(rows) % 3


@given(st.integers(0, 1000))
def test_a_network_of_pure_noise_has_no_share(seed: int):
    truth, noise, folds = samples(seed)
    shares = fit_shares(truth + 0.3 * noise, truth + 3 * np.roll(noise, 1, axis=0), truth, folds)
    assert (shares < 0.1).all()


def test_a_network_that_is_right_has_it_all():
    truth, noise, folds = samples(0)
    np.testing.assert_allclose(fit_shares(truth + noise, truth, truth, folds), 1.0)


def test_what_the_network_knows_of_one_flux_is_taken_from_it_alone():
    truth, noise, folds = samples(1)
    learned = truth + 3 * np.roll(noise, 1, axis=0)
    learned[:, 2] = truth[:, 2]
    shares = fit_shares(truth + noise, learned, truth, folds)
    assert shares[2] > 0.8
    assert np.delete(shares, 2).max() < 0.5


def test_the_order_of_samples_and_fluxes_does_not_matter():
    truth, noise, folds = samples(2)
    learned = truth + np.roll(noise, 1, axis=0)
    before = fit_shares(truth + noise, learned, truth, folds)
    rows, columns = np.random.default_rng(0).permutation(60), np.random.default_rng(1).permutation(8)
    at = np.ix_(rows, columns)
    again = fit_shares((truth + noise)[at], learned[at], truth[at], folds[rows])
    np.testing.assert_allclose(again, before[columns])


def test_gaps_count_for_nothing():
    truth, noise, folds = samples(3)
    observed = truth.copy()
    observed[::5, 1] = np.nan
    learned = truth + 0.1 * noise
    learned[5] = np.nan
    assert np.isfinite(fit_shares(truth + noise, learned, observed, folds)).all()
    assert not fit_shares(truth, learned, np.full_like(truth, np.nan), folds).any()
