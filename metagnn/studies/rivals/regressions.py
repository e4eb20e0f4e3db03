"""Regressions from uptakes to fluxes, every one tuned with the same budget of inner cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

CANDIDATES, FOLDS = 6, 3
"""Settings that are tried of every model, and folds that each is tried on."""

KEPT_VARIANCE = 0.99999
"""Share of the standardised fluxes' variance that the components of the targets keep."""

SMALLEST_SPREAD = 1e-3
"""Spread below which a flux is not standardised further: noise of the labels is nothing to learn."""


@dataclass(frozen=True)
class Tuning:
    """What a model is tuned with.

    Attributes:
        candidates: Settings to try, the first of those that a model has.
        folds: Folds of the inner cross-validation.
    """

    candidates: int = CANDIDATES
    folds: int = FOLDS


def fit_regression(name: str, media: np.ndarray, fluxes: np.ndarray, tuning: Tuning, seed: int) -> TunedRegression:
    """Tune a regression on the training media and fit it to all of them.

    Args:
        name: A key of `REGRESSIONS`.
        media: Largest uptakes, shape `[samples, exchanges]` [mmol/gDW/h].
        fluxes: What to learn, shape `[samples, targets]` [mmol/gDW/h].
        tuning: Budget.
        seed: Seed of the folds and of what is random in the model.
    """
    scale = np.maximum(fluxes.std(axis=0), SMALLEST_SPREAD)
    mean = fluxes.mean(axis=0)
    # Fluxes depend on each other: their principal components are a few outputs instead of a hundred. A rotation
    # changes neither ridge, nor neighbours, nor their squared error.
    left, singular, axes = np.linalg.svd((fluxes - mean) / scale, full_matrices=False)
    kept = int(np.searchsorted(np.cumsum(singular**2), KEPT_VARIANCE * np.square(singular).sum())) + 1
    components = left[:, :kept] * singular[:kept]
    estimator, grid = REGRESSIONS[name](media.shape[1], seed)
    folds = KFold(tuning.folds, shuffle=True, random_state=seed)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), *estimator),
        [{key: [value] for key, value in setting.items()} for setting in grid[: tuning.candidates]],
        cv=folds,
        scoring="neg_mean_squared_error",
    )
    with warnings.catch_warnings():
        # A kernel may find no use for an exchange that never varies; that is no news here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(media, components)
    return TunedRegression(search, mean, axes[:kept] * scale)


@dataclass(frozen=True, eq=False)
class TunedRegression:
    """A fitted regression.

    Attributes:
        search: The tuned model, from media to components.
        mean: Mean of every target, shape `[targets]` [mmol/gDW/h].
        axes: Fluxes of every component, shape `[components, targets]` [mmol/gDW/h].
    """

    search: GridSearchCV
    mean: np.ndarray
    axes: np.ndarray

    def predict(self, media: np.ndarray) -> np.ndarray:
        """Targets of other media, shape `[samples, targets]` [mmol/gDW/h]."""
        components = np.asarray(self.search.predict(media)).reshape(len(media), -1)
        fluxes: np.ndarray = self.mean + components @ self.axes
        return fluxes


Grid = list[dict[str, Any]]
Maker = Callable[[int, int], tuple[tuple[BaseEstimator, ...], Grid]]
"""From the number of exchanges and a seed to the steps after standardisation, and settings of the last of them."""


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
}
"""Every regression by its name; each has as many settings to try."""
