import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from metagnn.errors import TableError
from metagnn.training import r2_per_flux
from metagnn.training.metrics import mean_r2


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000), hidden=st.sampled_from([0.0, 0.4]))
def test_it_is_scikit_learns_for_every_flux(seed, hidden):
    random = np.random.default_rng(seed)
    observed, predicted = random.normal(3, 2, (12, 4)), random.normal(3, 2, (12, 4))
    observed[random.random((12, 4)) < hidden] = np.nan
    observed[:2] = random.normal(size=(2, 4))
    scores = r2_per_flux(observed, predicted)
    for column in range(4):
        seen = ~np.isnan(observed[:, column])
        assert scores[column] == pytest.approx(r2_score(observed[seen, column], predicted[seen, column]))


def test_perfect_mean_and_opposite_predictions():
    observed = np.array([[1.0, 1.0, -1.0], [3.0, 3.0, 1.0]])
    predicted = np.array([[1.0, 2.0, 1.0], [3.0, 2.0, -1.0]])
    assert r2_per_flux(observed, predicted).tolist() == [1.0, 0.0, -3.0]


def test_what_does_not_vary_or_was_hardly_observed_has_no_score():
    nan = np.nan
    observed = np.array([[5.0, 1.0, nan, 1e6, 0.0], [5.0, nan, nan, 1e6 + 1e-7, 1e-3], [5.0, nan, nan, 1e6, -1e-3]])
    scores = r2_per_flux(observed, observed)
    assert np.isnan(scores[:4]).all()
    assert scores[4] == 1.0


def test_predictions_of_nan_where_nothing_was_observed_do_not_matter():
    observed, predicted = np.array([[1.0], [2.0], [np.nan]]), np.array([[1.0], [1.5], [np.nan]])
    assert r2_per_flux(observed, predicted).tolist() == [0.5]


def test_a_prediction_of_nan_where_something_was_observed_has_no_score():
    assert np.isnan(r2_per_flux(np.array([[1.0], [2.0]]), np.array([[1.0], [np.nan]]))).all()


def test_the_mean_counts_what_varies_and_was_answered():
    observed = np.array([[1.0, 5.0], [2.0, 5.0], [9.0, 7.0]])
    predicted = np.array([[1.0, 5.0], [1.5, 5.0], [np.nan, np.nan]])
    assert mean_r2(observed, predicted) == 0.5
    with pytest.raises(TableError, match="no column that varies"):
        mean_r2(observed[:, 1:], predicted[:, 1:])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_weighted_it_is_scikit_learns_for_every_flux(seed):
    random = np.random.default_rng(seed)
    observed, predicted = random.normal(3, 2, (12, 4)), random.normal(3, 2, (12, 4))
    observed[random.random((12, 4)) < 0.3], observed[:2] = np.nan, random.normal(size=(2, 4))
    weight = random.uniform(0.1, 3, (12, 4))
    scores = r2_per_flux(observed, predicted, weight)
    for column in range(4):
        seen = ~np.isnan(observed[:, column])
        columns = (observed[seen, column], predicted[seen, column])
        assert scores[column] == pytest.approx(r2_score(*columns, sample_weight=weight[seen, column]))
    assert np.array_equal(r2_per_flux(observed, predicted, np.ones((12, 4))), r2_per_flux(observed, predicted))
    assert mean_r2(observed, predicted, weight) == pytest.approx(scores.mean())


def test_what_weighs_nothing_is_left_out_whatever_was_predicted():
    observed, predicted = np.array([[1.0], [2.0], [9.0]]), np.array([[1.0], [1.5], [np.nan]])
    weight = np.array([[1.0], [1.0], [0.0]])
    assert r2_per_flux(observed, predicted, weight).tolist() == [0.5]
    assert np.isnan(r2_per_flux(observed[1:], predicted[1:], weight[1:])).all()
