import numpy as np
import pytest

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.scores import UNSEEN_METRICS, score_fluxes, score_unseen, spread, spread_of
from metagnn.testing import toy_network


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
def test_labels_score_perfectly_and_their_errors_show(core: MetabolicNetwork) -> None:
    media = uniform_media(E_COLI_CORE_RANGES, 30, seed=5)
    labels = simulate_fluxes(core, media)
    media, fluxes = media[labels.feasible], labels.fluxes[labels.feasible].to_numpy()
    bounds = core.uptake_bounds(list(media.columns), media.to_numpy())
    perfect = score_fluxes(core, bounds, fluxes, fluxes)
    assert perfect["growth_r2"] == perfect["median_flux_r2"] == perfect["q10_flux_r2"] == 1.0
    assert perfect["max_abs_sv"] < 1e-9
    assert perfect["max_bound_violation"] < 1e-9

    wrong = fluxes.copy()
    wrong[4, core.reaction_index("EX_o2_e")] -= 100.0
    scores = score_fluxes(core, bounds, fluxes, wrong)
    assert scores["max_abs_sv"] == pytest.approx(100.0)
    assert scores["mean_sv2"] == pytest.approx(100.0**2 / (len(fluxes) * 72))
    below = -media["EX_o2_e"].to_numpy()[4] - wrong[4, core.reaction_index("EX_o2_e")]
    assert scores["max_bound_violation"] == pytest.approx(below)
    assert scores["growth_r2"] == 1.0


def test_the_mean_explains_nothing(core: MetabolicNetwork) -> None:
    media = uniform_media({"EX_glc__D_e": (5.0, 10.0)}, 10, seed=5)
    fluxes = simulate_fluxes(core, media).fluxes.to_numpy()
    mean = np.repeat(fluxes.mean(axis=0, keepdims=True), len(fluxes), axis=0)
    bounds = core.uptake_bounds(list(media.columns), media.to_numpy())
    scores = score_fluxes(core, bounds, fluxes, mean)
    assert scores["growth_r2"] == pytest.approx(0.0, abs=1e-9)
    assert scores["median_flux_r2"] == pytest.approx(0.0, abs=1e-9)


def test_violations_count_on_both_sides_and_only_beyond_the_bounds(core: MetabolicNetwork) -> None:
    fluxes = np.zeros((3, len(core.reactions)))
    inside = score_fluxes(core, (fluxes - 1.0, fluxes + 1.0), fluxes + np.arange(3)[:, None], fluxes)
    assert inside["max_bound_violation"] == 0.0
    above, below = fluxes.copy(), fluxes.copy()
    above[1, 4], below[2, 7] = 1.5, -1.25
    labels = fluxes + np.arange(3)[:, None]
    assert score_fluxes(core, (fluxes - 1.0, fluxes + 1.0), labels, above)["max_bound_violation"] == 0.5
    assert score_fluxes(core, (fluxes - 1.0, fluxes + 1.0), labels, below)["max_bound_violation"] == 0.25


def test_spread_is_over_the_seeds() -> None:
    assert spread([{"a": 3.0}, {"a": 1.0}, {"a": 2.0}]) == {"a": {"median": 2.0, "min": 1.0, "max": 3.0}}
    assert spread([{"a": 1.0, "b": -4.0}, {"a": 2.0, "b": 4.0}]) == {
        "a": {"median": 1.5, "min": 1.0, "max": 2.0},
        "b": {"median": 0.0, "min": -4.0, "max": 4.0},
    }


def test_one_seed_has_no_range() -> None:
    assert spread([{"a": 3.0}]) == {"a": {"median": 3.0, "min": 3.0, "max": 3.0}}


def test_a_missing_value_leaves_no_spread() -> None:
    assert spread_of([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}
    assert spread_of([1.0, None]) == spread_of([]) == {"median": None, "min": None, "max": None}
    assert spread([{"a": 1.0, "b": None}]) == {"a": spread_of([1.0]), "b": spread_of([None])}


BOUNDS = np.zeros((4, 3)), np.full((4, 3), 5.0)
OBSERVED = np.array([[1.0, 1.0, 2.0], [2.0, 2.0, 4.0], [3.0, 3.0, 6.0], [4.0, 4.0, 8.0]])


@pytest.fixture(scope="module")
def chain() -> MetabolicNetwork:
    return toy_network({"EX_a": "a <-", "r": "a -> 2 b", "growth": "b ->"}, "growth")


def test_a_perfect_prediction(chain: MetabolicNetwork) -> None:
    observed = OBSERVED * [-1.0, 1.0, 1.0]
    scores = score_unseen(chain, (np.full((4, 3), -9.0), np.full((4, 3), 9.0)), observed, observed)
    assert scores == dict.fromkeys(UNSEEN_METRICS[:3], 1.0) | dict.fromkeys(UNSEEN_METRICS[3:], 0.0)


def test_the_mean_of_the_test_media_scores_nothing(chain: MetabolicNetwork) -> None:
    scores = score_unseen(chain, BOUNDS, OBSERVED, np.tile(OBSERVED.mean(axis=0), (4, 1)))
    assert scores["growth_q2"] == pytest.approx(0.0)
    assert scores["median_flux_q2"] == pytest.approx(0.0)
    assert scores["normalised_error"] == pytest.approx(1.0)


def test_laws_are_the_worst_of_all_media(chain: MetabolicNetwork) -> None:
    predicted = OBSERVED.copy()
    predicted[2] = [0.0, 1.0, 9.0]
    scores = score_unseen(chain, BOUNDS, OBSERVED, predicted)
    # b: 2·1 − 9; the others are consumed and produced alike but a, which nothing brings in.
    assert scores["max_abs_sv"] == pytest.approx(8.0)
    assert scores["max_bound_violation"] == pytest.approx(4.0)


def test_what_is_not_predicted_has_no_score(chain: MetabolicNetwork) -> None:
    growth_alone = np.where([False, False, True], OBSERVED, np.nan)
    scores = score_unseen(chain, BOUNDS, OBSERVED, growth_alone)
    assert scores["growth_q2"] == 1.0
    assert [scores[name] for name in UNSEEN_METRICS[1:]] == [None] * 5


def test_what_was_not_observed_is_not_scored(chain: MetabolicNetwork) -> None:
    observed = np.where([True, True, False], OBSERVED, np.nan)
    scores = score_unseen(chain, BOUNDS, observed, OBSERVED)
    assert scores["growth_q2"] is None
    assert scores["median_flux_q2"] == scores["uniform_flux_q2"] == 1.0


def test_metrics_differ_where_one_flux_is_wrong(chain: MetabolicNetwork) -> None:
    predicted = OBSERVED.copy()
    predicted[:, 0] = 0.0
    scores = score_unseen(chain, BOUNDS, OBSERVED, predicted)
    assert scores["median_flux_q2"] == 1.0
    # Q² of the first flux: 1 − 30 / 5.
    assert scores["uniform_flux_q2"] == pytest.approx((1.0 + 1.0 - 5.0) / 3)
    assert scores["normalised_error"] == pytest.approx(np.sqrt(30.0 / (5.0 + 5.0 + 20.0)))
