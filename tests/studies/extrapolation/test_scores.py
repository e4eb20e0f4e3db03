import numpy as np
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.extrapolation.scores import METRICS, score_extrapolation
from metagnn.testing import toy_network

BOUNDS = np.zeros((4, 3)), np.full((4, 3), 5.0)
OBSERVED = np.array([[1.0, 1.0, 2.0], [2.0, 2.0, 4.0], [3.0, 3.0, 6.0], [4.0, 4.0, 8.0]])


@pytest.fixture(scope="module")
def chain() -> MetabolicNetwork:
    return toy_network({"EX_a": "a <-", "r": "a -> 2 b", "growth": "b ->"}, "growth")


def test_a_perfect_prediction(chain: MetabolicNetwork) -> None:
    observed = OBSERVED * [-1.0, 1.0, 1.0]
    scores = score_extrapolation(chain, (np.full((4, 3), -9.0), np.full((4, 3), 9.0)), observed, observed)
    assert scores == dict.fromkeys(METRICS[:3], 1.0) | dict.fromkeys(METRICS[3:], 0.0)


def test_the_mean_of_the_test_media_scores_nothing(chain: MetabolicNetwork) -> None:
    scores = score_extrapolation(chain, BOUNDS, OBSERVED, np.tile(OBSERVED.mean(axis=0), (4, 1)))
    assert scores["growth_q2"] == pytest.approx(0.0)
    assert scores["median_flux_q2"] == pytest.approx(0.0)
    assert scores["normalised_error"] == pytest.approx(1.0)


def test_laws_are_the_worst_of_all_media(chain: MetabolicNetwork) -> None:
    predicted = OBSERVED.copy()
    predicted[2] = [0.0, 1.0, 9.0]
    scores = score_extrapolation(chain, BOUNDS, OBSERVED, predicted)
    # b: 2·1 − 9; the others are consumed and produced alike but a, which nothing brings in.
    assert scores["max_abs_sv"] == pytest.approx(8.0)
    assert scores["max_bound_violation"] == pytest.approx(4.0)


def test_what_is_not_predicted_has_no_score(chain: MetabolicNetwork) -> None:
    growth_alone = np.where([False, False, True], OBSERVED, np.nan)
    scores = score_extrapolation(chain, BOUNDS, OBSERVED, growth_alone)
    assert scores["growth_q2"] == 1.0
    assert [scores[name] for name in METRICS[1:]] == [None] * 5


def test_what_was_not_observed_is_not_scored(chain: MetabolicNetwork) -> None:
    observed = np.where([True, True, False], OBSERVED, np.nan)
    scores = score_extrapolation(chain, BOUNDS, observed, OBSERVED)
    assert scores["growth_q2"] is None
    assert scores["median_flux_q2"] == scores["uniform_flux_q2"] == 1.0


def test_metrics_differ_where_one_flux_is_wrong(chain: MetabolicNetwork) -> None:
    predicted = OBSERVED.copy()
    predicted[:, 0] = 0.0
    scores = score_extrapolation(chain, BOUNDS, OBSERVED, predicted)
    assert scores["median_flux_q2"] == 1.0
    # Q² of the first flux: 1 − 30 / 5.
    assert scores["uniform_flux_q2"] == pytest.approx((1.0 + 1.0 - 5.0) / 3)
    assert scores["normalised_error"] == pytest.approx(np.sqrt(30.0 / (5.0 + 5.0 + 20.0)))
