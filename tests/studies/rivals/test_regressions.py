import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.studies.rivals.regressions import (
    CANDIDATES,
    LEAVE_ONE_OUT,
    REGRESSIONS,
    Tuning,
    fit_regression,
    untuned_regression,
)
from metagnn.training.metrics import r2_per_flux

FEW = Tuning(candidates=2, folds=2)


def samples(count: int, seed: int, exponent: int) -> tuple[np.ndarray, np.ndarray]:
    """Uptakes, and fluxes that are combinations of their powers; the last one never varies."""
    rng = np.random.default_rng(seed)
    media = rng.uniform(0, 10, (count, 3))
    weights = np.random.default_rng(0).normal(size=(3, 5))
    fluxes = media**exponent @ weights
    fluxes[:, -1] = 8.39
    return media, fluxes


@pytest.mark.parametrize("name", [name for name in REGRESSIONS if name != "mean"])
def test_every_regression_learns_what_is_linear(name: str) -> None:
    media, fluxes = samples(80, 1, 1)
    fitted = fit_regression(name, media, fluxes, FEW, seed=0)
    unseen, truth = samples(40, 2, 1)
    predicted = fitted.predict(unseen)
    assert predicted.shape == truth.shape
    assert np.allclose(predicted[:, -1], 8.39)
    floor = {"ridge": 0.999, "quadratic_ridge": 0.999, "gaussian_process": 0.99}.get(name, 0.5)
    assert r2_per_flux(truth, predicted)[:-1].min() > floor


def test_products_are_what_quadratic_ridge_adds() -> None:
    media, fluxes = samples(80, 1, 2)
    unseen, truth = samples(40, 2, 2)
    worst = {
        name: r2_per_flux(truth, fit_regression(name, media, fluxes, FEW, 0).predict(unseen))[:-1].min()
        for name in ("ridge", "quadratic_ridge")
    }
    assert worst["quadratic_ridge"] > 0.999 > worst["ridge"]


def test_the_budget_is_the_same_for_all() -> None:
    assert {name: len(make(3, 0)[1]) for name, make in REGRESSIONS.items()} == {
        **dict.fromkeys(REGRESSIONS, CANDIDATES),
        "mean": 0,
    }
    media, fluxes = samples(24, 1, 1)
    search = fit_regression("ridge", media, fluxes[:, :1], FEW, seed=0).search
    assert len(search.cv_results_["params"]) == FEW.candidates
    assert search.n_splits_ == FEW.folds


def test_growth_alone_is_a_target_like_any() -> None:
    media, fluxes = samples(60, 1, 1)
    growth = fluxes[:, :1]
    fitted = fit_regression("ridge", media, growth, Tuning(), seed=0)
    assert fitted.predict(media).shape == (60, 1)
    assert r2_per_flux(growth, fitted.predict(media))[0] > 0.9999


def test_a_substrate_that_no_training_medium_holds_does_not_stop_it() -> None:
    media, fluxes = samples(40, 1, 1)
    media[:, 0] = 0.0
    for name in REGRESSIONS:
        assert np.isfinite(fit_regression(name, media, fluxes, Tuning(1, 2), 0).predict(samples(10, 2, 1)[0])).all()


@pytest.mark.parametrize("name", LEAVE_ONE_OUT)
def test_leave_one_out_finds_a_penalty_without_a_budget(name: str) -> None:
    media, fluxes = samples(80, 1, 1)
    unseen, truth = samples(40, 2, 1)
    untuned = fit_regression(name, media, fluxes, None, seed=0).predict(unseen)
    assert r2_per_flux(truth, untuned)[:-1].min() > 0.9999
    alone = untuned_regression(name).fit(media, fluxes).predict(unseen)
    np.testing.assert_array_equal(untuned, alone)


def test_the_mean_needs_no_budget_and_the_others_name_it() -> None:
    media, fluxes = samples(20, 1, 1)
    for tuning in (None, FEW):
        predicted = fit_regression("mean", media, fluxes, tuning, seed=0).predict(media[:2])
        np.testing.assert_allclose(predicted, np.tile(fluxes.mean(axis=0), (2, 1)))
    with pytest.raises(InputError, match="`tuning` is None for 'gaussian_process'; expected a budget, or one of mean"):
        fit_regression("gaussian_process", media, fluxes, None, seed=0)
