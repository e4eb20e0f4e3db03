import numpy as np
import pytest

from metagnn.errors import FolderError, InputError
from metagnn.estimates.choice import ChosenEstimate, averaged, choose_estimate
from metagnn.estimates.constant import MeanEstimate
from metagnn.estimates.estimate import Guess
from metagnn.estimates.flux_candidates import OUTSIDE, flux_candidates
from metagnn.estimates.yields import YieldsEstimate
from tests.estimates.samples import TARGETS, known_samples, noisy_targets

GROUPS = np.repeat(np.arange(4), 3)


def chosen(groups: np.ndarray | None = GROUPS, weight: np.ndarray | None = None) -> ChosenEstimate:
    known = known_samples()
    return choose_estimate(flux_candidates(), known, noisy_targets(known), weight, groups, True, OUTSIDE)


def test_what_is_left_out_is_not_seen() -> None:
    known, observed = known_samples(), noisy_targets(known_samples())
    changed = observed.copy()
    changed[GROUPS == 2] *= -3.0
    candidates = [YieldsEstimate()]
    one, other = (choose_estimate(candidates, known, values, None, GROUPS) for values in (observed, changed))
    np.testing.assert_array_equal(one.left_out[GROUPS == 2], other.left_out[GROUPS == 2])
    assert not np.allclose(one.left_out[GROUPS == 1], other.left_out[GROUPS == 1])


def test_the_estimate_that_made_the_targets_is_chosen() -> None:
    known = known_samples()
    made = known.size[:, None] * np.arange(1.0, 1.0 + TARGETS)
    found = choose_estimate([MeanEstimate(), YieldsEstimate()], known, made, None, GROUPS, True)
    assert found.weights == {"mean": 0.0, "yields": 1.0}
    np.testing.assert_allclose(found.predict(known).mean, made, rtol=1e-9)
    assert found.scores.loc["chosen", "mean"] < 1e-9


@pytest.mark.parametrize("groups", [GROUPS, None])
def test_shares_add_up_and_the_average_is_among_the_best(groups: np.ndarray | None) -> None:
    found = chosen(groups)
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert sum(found.outside.values()) == pytest.approx(1.0)
    candidates = found.scores.drop(index="chosen")["mean"]
    assert found.scores.loc["chosen", "mean"] <= candidates.sort_values().iloc[len(candidates) // 2]
    assert np.isfinite(found.left_out).all()


def test_far_outside_a_mechanistic_and_a_statistical_estimate_share() -> None:
    found = choose_estimate(
        flux_candidates(), known_samples(), noisy_targets(known_samples()), None, np.arange(12) // 6, True, OUTSIDE
    )
    assert {name for name, share in found.outside.items() if share} >= set(OUTSIDE)


def test_arrays_bring_back_the_same_estimate() -> None:
    weight = np.random.default_rng(0).uniform(0.5, 2.0, (12, TARGETS))
    found = chosen(weight=weight)
    again = ChosenEstimate.from_arrays(found.to_arrays(), flux_candidates())
    new = known_samples(5, seed=4)
    np.testing.assert_array_equal(again.predict(new).mean, found.predict(new).mean)
    np.testing.assert_array_equal(again.predict(new).deviation, found.predict(new).deviation)
    assert again.weights == found.weights
    assert again.scores.equals(found.scores)


def test_a_lost_array_and_an_unknown_estimate_are_refused() -> None:
    arrays = chosen().to_arrays()
    with pytest.raises(FolderError, match="observed"):
        ChosenEstimate.from_arrays({k: v for k, v in arrays.items() if k != "observed"}, flux_candidates())
    with pytest.raises(FolderError, match="expected any of mean"):
        ChosenEstimate.from_arrays(arrays, [MeanEstimate()])


def test_an_observation_without_weight_is_neither_fitted_nor_judged() -> None:
    known, weight = known_samples(), np.ones((12, TARGETS))
    observed = noisy_targets(known)
    wrong = observed.copy()
    wrong[5], weight[5] = 1e5, 0.0
    observed[5] = np.nan
    one = choose_estimate(flux_candidates(), known, wrong, weight, GROUPS, True, OUTSIDE)
    other = choose_estimate(flux_candidates(), known, observed, None, GROUPS, True, OUTSIDE)
    np.testing.assert_allclose(one.predict(known).mean, other.predict(known).mean, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observed": np.zeros((3, TARGETS))}, "`observed` has shape"),
        ({"observed": np.full((12, TARGETS), np.inf)}, "infinity"),
        ({"observed": np.full((12, TARGETS), np.nan)}, "no observation"),
        ({"weight": -np.ones((12, TARGETS))}, "`weight`"),
        ({"groups": np.arange(5)}, "`groups` has shape"),
        ({"groups": np.array([1.0] * 11 + [np.nan])}, "no group in row 11"),
        ({"candidates": []}, "`candidates`"),
        ({"outside": ["nothing"]}, "`outside` names 'nothing'"),
    ],
)
def test_unusable_arguments_are_named(change: dict[str, object], message: str) -> None:
    known = known_samples()
    arguments: dict[str, object] = {"candidates": [MeanEstimate()], "known": known, "observed": noisy_targets(known)}
    with pytest.raises(InputError, match=message):
        choose_estimate(**(arguments | change))  # type: ignore[arg-type]


def test_the_variance_of_an_average_holds_how_much_its_members_differ() -> None:
    one, other = (Guess(np.full((2, 1), value), np.full((2, 1), 3.0)) for value in (0.0, 8.0))
    guess = averaged([one, other], np.array([0.5, 0.5]))
    np.testing.assert_allclose(guess.mean, 4.0)
    np.testing.assert_allclose(guess.deviation, 5.0)
    np.testing.assert_allclose(averaged([one, other], np.array([[1.0, 0.0], [0.0, 1.0]])).mean, [[0.0], [8.0]])
