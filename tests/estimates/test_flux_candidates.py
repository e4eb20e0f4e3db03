"""Laws that every estimate of fluxes keeps, whatever it is."""

import dataclasses

import numpy as np
import pytest

from metagnn.estimates.estimate import AbstractEstimate
from metagnn.estimates.flux_candidates import OUTSIDE, flux_candidates
from tests.estimates.samples import known_samples, noisy_targets

CANDIDATES = pytest.mark.parametrize("candidate", flux_candidates(), ids=lambda candidate: candidate.name)
PROPORTIONAL = ("yields", "mean yields", "three nearest yields", "seven nearest yields", "FBA with gains")


def test_names_are_unique_and_hold_the_defaults_outside() -> None:
    names = [candidate.name for candidate in flux_candidates()]
    assert len(set(names)) == len(names)
    assert set(OUTSIDE) <= set(names)


@CANDIDATES
def test_order_of_rows_and_targets_does_not_matter(candidate: AbstractEstimate) -> None:
    known, new = known_samples(), known_samples(5, seed=3)
    observed = noisy_targets(known)
    guess = candidate.fit(known, observed, None).predict(new)
    rows, targets = np.random.default_rng(0).permutation(len(known)), np.array([2, 0, 3, 1])
    mixed = dataclasses.replace(known.rows(rows), own=known.own[rows][:, targets])
    again = candidate.fit(mixed, observed[rows][:, targets], None)
    said = again.predict(dataclasses.replace(new, own=new.own[:, targets]))
    np.testing.assert_allclose(said.mean, guess.mean[:, targets], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(said.deviation, guess.deviation[:, targets], rtol=1e-5, atol=1e-8)


@CANDIDATES
def test_rows_are_predicted_one_by_one_as_together(candidate: AbstractEstimate) -> None:
    known, new = known_samples(), known_samples(5, seed=3)
    fitted = candidate.fit(known, noisy_targets(known), None)
    together = fitted.predict(new)
    alone = [fitted.predict(new.rows([row])) for row in range(5)]
    np.testing.assert_allclose(np.concatenate([guess.mean for guess in alone]), together.mean, rtol=1e-9, atol=1e-9)


@CANDIDATES
def test_targets_scale_with_their_unit(candidate: AbstractEstimate) -> None:
    known, new = known_samples(), known_samples(5, seed=3)
    observed = noisy_targets(known)
    one = candidate.fit(known, observed, None).predict(new)
    wide, wider = (dataclasses.replace(part, own=10.0 * part.own) for part in (known, new))
    ten = candidate.fit(wide, 10.0 * observed, None).predict(wider)
    np.testing.assert_allclose(ten.mean, 10.0 * one.mean, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(ten.deviation, 10.0 * one.deviation, rtol=1e-5, atol=1e-7)


@CANDIDATES
def test_a_gap_is_not_a_zero_and_an_unseen_target_is_nan_or_unbiased(candidate: AbstractEstimate) -> None:
    known, new = known_samples(40), known_samples(5, seed=3)
    observed = noisy_targets(known, noise=0.0)
    gaps = observed.copy()
    gaps[::4, 1] = np.nan
    full, part = (candidate.fit(known, values, None).predict(new) for values in (observed, gaps))
    assert np.isfinite(part.mean).all()
    assert (part.deviation >= 0).all()
    scale = np.abs(observed[:, 1]).mean()
    assert np.abs(part.mean[:, 1] - full.mean[:, 1]).max() < 0.5 * scale


@CANDIDATES
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_few_rows_and_constant_columns_give_numbers(candidate: AbstractEstimate, samples: int) -> None:
    known = known_samples(samples)
    constant = np.concatenate([np.ones((samples, 1)), known.inputs[:, :1], 2.0 * known.inputs[:, :1]], axis=1)
    known = dataclasses.replace(known, features=constant)
    guess = candidate.fit(known, noisy_targets(known), None).predict(known)
    assert np.isfinite(guess.mean).all()
    assert np.isfinite(guess.deviation).all()


@pytest.mark.parametrize("name", PROPORTIONAL)
def test_yields_scale_with_what_is_taken_up(name: str) -> None:
    candidate = next(one for one in flux_candidates() if one.name == name)
    known = known_samples()
    fitted = candidate.fit(known, noisy_targets(known), None)
    double = dataclasses.replace(known, size=2.0 * known.size, own=2.0 * known.own)
    np.testing.assert_allclose(fitted.predict(double).mean, 2.0 * fitted.predict(known).mean, rtol=1e-9)


def test_what_has_no_weight_is_not_learned() -> None:
    known = known_samples()
    observed = noisy_targets(known)
    wrong, weight = observed.copy(), np.ones_like(observed)
    wrong[3], weight[3] = 1e4, 0.0
    left = observed.copy()
    left[3] = np.nan
    for candidate in flux_candidates():
        weighed, without = candidate.fit(known, wrong, weight), candidate.fit(known, left, None)
        np.testing.assert_allclose(weighed.predict(known).mean, without.predict(known).mean, rtol=1e-9, atol=1e-9)
