import numpy as np
import pytest

from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.media_process import ProcessEstimate
from metagnn.estimates.media_trees import TreesEstimate


def known(X):
    return KnownSamples(X[:, 1:], np.ones(len(X)), X[:, :1], np.full((len(X), 2), np.nan), np.zeros((len(X), 0)))


def data(samples=40, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, 3))
    y = np.stack([2.0 * X[:, 0] - X[:, 1], np.sin(2.0 * X[:, 2])], axis=1)
    return X, y + 0.02 * rng.normal(size=y.shape)


def test_a_process_learns_lines_and_curves_and_knows_where_it_does_not():
    X, y = data(80)
    fitted = ProcessEstimate("process").fit(known(X), y, None)
    new, truth = data(60, seed=1)
    guess = fitted.predict(known(new))
    assert (np.abs(guess.mean - truth)[:, 0] < 0.3).all()
    assert np.median(np.abs(guess.mean - truth)[:, 1]) < 0.2
    far = fitted.predict(known(new + 20.0))
    assert (far.deviation > guess.deviation).all()


@pytest.mark.parametrize("estimate", [ProcessEstimate("p"), ProcessEstimate("r", lengths=())])
def test_a_weight_of_two_is_two_rows_and_a_gap_is_none(estimate):
    X, y = data(20)
    weight = np.ones_like(y)
    weight[:5] = 2.0
    y[7, 1] = np.nan
    twice = np.concatenate([X, X[:5]]), np.concatenate([y, y[:5]])
    one = estimate.fit(known(X), y, weight).predict(known(X))
    two = estimate.fit(known(twice[0]), twice[1], None).predict(known(X))
    # The scale of the columns differs a little: rows count there once.
    assert np.allclose(one.mean, two.mean, atol=0.15)
    kept = np.delete(np.arange(20), 7)
    alone = estimate.fit(known(X[kept]), y[kept], None)
    assert np.allclose(
        estimate.fit(known(X), y, None).predict(known(X)).mean[:, 1], alone.predict(known(X)).mean[:, 1], atol=0.1
    )


@pytest.mark.parametrize(
    "estimate", [ProcessEstimate("p"), TreesEstimate("t", trees=5), TreesEstimate("j", trees=5, joint=True)]
)
def test_the_same_rows_give_the_same_numbers_and_targets_without_rows_are_nan(estimate):
    X, y = data(20)
    one, two = (estimate.fit(known(X), y, None).predict(known(X)) for _ in range(2))
    assert np.array_equal(one.mean, two.mean)
    assert np.array_equal(one.deviation, two.deviation)
    assert (one.deviation >= 0).all()
    y[:, 1] = np.nan
    guess = estimate.fit(known(X), y, None).predict(known(X))
    assert np.isnan(guess.mean[:, 1]).all()
    assert np.isfinite(guess.mean[:, 0]).all()
