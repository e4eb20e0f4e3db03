"""Regressions from uptakes to fluxes, all tuned with the same budget of inner cross-validation, or untuned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from metagnn.errors import InputError

CANDIDATES, FOLDS = 6, 3
"""Settings to try of every model, and folds to try each on."""

KEPT_VARIANCE = 0.99999
"""Share of the standardised fluxes' variance that the components of the targets keep."""

SMALLEST_SPREAD = 1e-3
"""Smallest spread by which a flux is divided: below it, labels vary by noise alone [mmol/gDW/h]."""

PENALTIES = np.logspace(-6, 3, 19)
"""Penalties that leave-one-out chooses from."""

LEAVE_ONE_OUT = ("ridge", "quadratic_ridge")
"""Regressions with leave-one-out in closed form."""


@dataclass(frozen=True)
class Tuning:
    """Budget of the inner cross-validation.

    Attributes:
        candidates: Number of settings to try: the first of those that a model has.
        folds: Number of folds.
    """

    candidates: int = CANDIDATES
    folds: int = FOLDS


def fit_regression(name: str, media: np.ndarray, fluxes: np.ndarray, tuning: Tuning | None, seed: int) -> Regression:
    """Fit a regression to the training media.

    Args:
        name: A key of `REGRESSIONS`.
        media: Largest uptakes, shape `[samples, exchanges]` [mmol/gDW/h].
        fluxes: What to learn, shape `[samples, targets]` [mmol/gDW/h].
        tuning: Budget of the inner cross-validation; None fits the untuned form, see `untuned_regression`.
        seed: Seed of the folds and of what is random in the model.

    Raises:
        InputError: A regression without an untuned form, and no tuning.
    """
    estimator, grid = REGRESSIONS[name](media.shape[1], seed)
    if tuning is None or not grid:
        untuned: Regression = untuned_regression(name).fit(media, fluxes)
        return untuned
    scale = np.maximum(fluxes.std(axis=0), SMALLEST_SPREAD)
    mean = fluxes.mean(axis=0)
    # Fluxes depend on each other: their principal components are a few outputs instead of a hundred. A rotation
    # changes neither ridge, nor neighbours, nor their squared error.
    left, singular, axes = np.linalg.svd((fluxes - mean) / scale, full_matrices=False)
    kept = int(np.searchsorted(np.cumsum(singular**2), KEPT_VARIANCE * np.square(singular).sum())) + 1
    components = left[:, :kept] * singular[:kept]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), *estimator),
        [{key: [value] for key, value in setting.items()} for setting in grid[: tuning.candidates]],
        cv=KFold(tuning.folds, shuffle=True, random_state=seed),
        scoring="neg_mean_squared_error",
    )
    with warnings.catch_warnings():
        # The length scale of an exchange that never varies does not converge; the fit is none the worse.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(media, components)
    return TunedRegression(search, mean, axes[:kept] * scale)


def untuned_regression(name: str) -> BaseEstimator:
    """Make a regression that needs no budget: the mean, or ridge with its penalty by leave-one-out in closed form.

    Raises:
        InputError: Another regression.
    """
    if name == "mean":
        return DummyRegressor()
    if name not in LEAVE_ONE_OUT:
        expected = ", ".join(("mean", *LEAVE_ONE_OUT))
        raise InputError(f"`tuning` is None for {name!r}; expected a budget, or one of {expected}")
    steps, _ = REGRESSIONS[name](0, 0)
    return make_pipeline(StandardScaler(), *steps[:-1], RidgeCV(PENALTIES))


class Regression(Protocol):
    """A fitted regression."""

    def predict(self, media: np.ndarray) -> np.ndarray:
        """Predict the targets of other media, shape `[samples, targets]` or, of one, `[samples]` [mmol/gDW/h]."""


@dataclass(frozen=True, eq=False)
class TunedRegression:
    """A regression that was tuned by cross-validation.

    Attributes:
        search: The tuned model, from media to components.
        mean: Mean of every target, shape `[targets]` [mmol/gDW/h].
        axes: Fluxes of every component, shape `[components, targets]` [mmol/gDW/h].
    """

    search: GridSearchCV
    mean: np.ndarray
    axes: np.ndarray

    def predict(self, media: np.ndarray) -> np.ndarray:
        """Predict the targets of other media, shape `[samples, targets]` [mmol/gDW/h]."""
        components = np.asarray(self.search.predict(media)).reshape(len(media), -1)
        fluxes: np.ndarray = self.mean + components @ self.axes
        return fluxes


Grid = list[dict[str, Any]]
Maker = Callable[[int, int], tuple[tuple[BaseEstimator, ...], Grid]]
"""From the number of exchanges and a seed to the steps after standardisation, and the settings to try of the last."""


def _ridge(exchanges: int, seed: int) -> tuple[tuple[BaseEstimator, ...], Grid]:
    return (Ridge(),), [{"ridge__alpha": alpha} for alpha in np.logspace(-3, 2, CANDIDATES)]


def _quadratic_ridge(exchanges: int, seed: int) -> tuple[tuple[BaseEstimator, ...], Grid]:
    products = PolynomialFeatures(2, include_bias=False)
    return (products, StandardScaler(), Ridge()), _ridge(exchanges, seed)[1]


def _nearest_neighbour(exchanges: int, seed: int) -> tuple[tuple[BaseEstimator, ...], Grid]:
    counts = (1, 2, 3, 4, 6, 8)
    return (KNeighborsRegressor(weights="distance"),), [{"kneighborsregressor__n_neighbors": k} for k in counts]


def _gaussian_process(exchanges: int, seed: int) -> tuple[tuple[BaseEstimator, ...], Grid]:
    lengths = (np.full(exchanges, 2.0), 2.0)
    shapes = [shape for length in lengths for shape in (RBF(length), Matern(length, nu=1.5), Matern(length, nu=2.5))]
    kernels = [ConstantKernel(10.0) * shape + WhiteKernel(1e-4, (1e-9, 1.0)) for shape in shapes]
    return (GaussianProcessRegressor(random_state=seed),), [{"gaussianprocessregressor__kernel": k} for k in kernels]


def _gradient_boosting(exchanges: int, seed: int) -> tuple[tuple[BaseEstimator, ...], Grid]:
    trees = MultiOutputRegressor(GradientBoostingRegressor(random_state=seed))
    name = "multioutputregressor__estimator__"
    grid = [{f"{name}max_depth": depth, f"{name}n_estimators": count} for depth in (2, 3, 4) for count in (100, 300)]
    return (trees,), grid


REGRESSIONS: dict[str, Maker] = {
    "ridge": _ridge,
    "quadratic_ridge": _quadratic_ridge,
    "nearest_neighbour": _nearest_neighbour,
    "gaussian_process": _gaussian_process,
    "gradient_boosting": _gradient_boosting,
    "mean": lambda exchanges, seed: ((DummyRegressor(),), []),
}
"""Every regression by its name; all but the mean, which has nothing to tune, have as many settings to try."""
