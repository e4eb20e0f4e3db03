import numpy as np

from metagnn.estimates.media_shares import mean_square_errors, trait_shares


def test_shares_are_those_of_the_errors_and_groups_count_alike():
    observed = np.array([[0.0], [2.0], [0.0], [2.0], [1.0]])
    mean = np.stack([observed + 0.1, observed + 1.0, observed + 0.1 * np.array([[1], [1], [1], [1], [10.0]])])
    group = np.array([0, 0, 0, 0, 1])
    errors = mean_square_errors(mean, observed, group)[:, 0] * observed.var()
    assert np.allclose(errors, [0.01, 1.0, (0.01 + 1.0) / 2])
    shares = trait_shares(mean, observed, group, power=2.0)
    assert np.allclose(shares.sum(axis=0), 1.0)
    assert shares[0, 0] > 0.99
    assert shares[2, 0] > shares[1, 0]


def test_gaps_count_for_nothing_and_without_an_error_all_share_alike():
    observed = np.array([[0.0, np.nan], [1.0, np.nan], [np.nan, np.nan]])
    mean = np.stack([np.full((3, 2), 0.5), np.full((3, 2), 0.9)])
    shares = trait_shares(mean, observed, np.arange(3), power=1.5)
    assert shares[0, 0] > shares[1, 0]
    assert (shares[:, 1] == 0.5).all()


def test_a_perfect_candidate_takes_all_and_two_share():
    observed = np.array([[0.0], [1.0]])
    mean = np.stack([observed, observed, observed + 1.0])
    assert np.allclose(trait_shares(mean, observed, np.zeros(2), 2.0)[:, 0], [0.5, 0.5, 0.0], atol=1e-9)
