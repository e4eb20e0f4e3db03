"""Rivals on growth curves: neighbours, ridge, Gaussian processes and trees, with and without mechanistic features."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, LeaveOneGroupOut
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from metagnn.studies.harness.measured_curves import MeasuredCurves

COMPONENTS = 5
"""Principal components of the training curves; more are noise."""

PENALTIES = np.logspace(-2, 4, 13)
NINETY = 1.6448536269514722
LEVEL = 0.9
TREES = 300


@dataclass(frozen=True, eq=False)
class CurveAnswer:
    """What a rival says of some media.

    Attributes:
        curves: Shape `[media, times]`; None from a rival that says traits alone.
        traits: Shape `[media, traits]`; None from a rival that says curves alone.
        low: Lower ends of 90 % intervals of the final log OD, shape `[media]`; None from a rival without.
        high: Upper ends.
    """

    curves: np.ndarray | None
    traits: np.ndarray | None
    low: np.ndarray | None = None
    high: np.ndarray | None = None


FittedCurves = Callable[[MeasuredCurves], CurveAnswer]
CurveRival = Callable[[MeasuredCurves, int], FittedCurves]
Features = Callable[[MeasuredCurves], np.ndarray]


def presence(rows: MeasuredCurves) -> np.ndarray:
    """Which nutrients a medium holds."""
    return _with_known(rows, rows.presence)


def mechanistic(rows: MeasuredCurves) -> np.ndarray:
    """What flux balance analysis says of a medium."""
    return _with_known(rows, rows.mechanistic.to_numpy())


def both(rows: MeasuredCurves) -> np.ndarray:
    """Which nutrients a medium holds, and what flux balance analysis says of it."""
    return np.column_stack([presence(rows), rows.mechanistic.to_numpy()])


def beside(rows: MeasuredCurves) -> np.ndarray:
    """Which building blocks a medium holds, not which source, and what flux balance analysis says of it."""
    return np.column_stack([_with_known(rows, rows.presence[:, rows.blocks]), rows.mechanistic.to_numpy()])


def components_of(curves: np.ndarray) -> PCA:
    """Fit the principal components of training curves."""
    return PCA(min(COMPONENTS, *curves.shape)).fit(curves)


def regression(
    make: Callable[[int], BaseEstimator], features: Features, train: MeasuredCurves, seed: int
) -> FittedCurves:
    """Fit an estimator to components of the curves and to the traits, all standardised."""
    return _fit(make(seed), features, train)


def mean(train: MeasuredCurves, seed: int) -> FittedCurves:
    """Predict the mean curve and the mean traits."""
    curve, traits = train.curves.mean(axis=0), train.traits.to_numpy().mean(axis=0)
    return lambda rows: CurveAnswer(np.tile(curve, (len(rows.media), 1)), np.tile(traits, (len(rows.media), 1)))


def carried_forward(train: MeasuredCurves, seed: int) -> FittedCurves:
    """Predict that a curve stays at the last value that is known; nothing where none is."""

    def predict(rows: MeasuredCurves) -> CurveAnswer:
        if not rows.before:
            return CurveAnswer(None, None)
        return CurveAnswer(np.tile(rows.curves[:, [rows.before - 1]], (1, rows.curves.shape[1])), None)

    return predict


def conformal(rival: CurveRival, by_group: bool, train: MeasuredCurves, seed: int) -> FittedCurves:
    """Add intervals of the final log OD by cross-conformal scores: folds at random, or one carbon source at a time."""
    splitter = (
        LeaveOneGroupOut()
        if by_group and len(np.unique(train.groups)) > 1
        else KFold(5, shuffle=True, random_state=seed)
    )
    scores = []
    for inside, outside in splitter.split(train.media, groups=train.groups):
        held = train.rows(outside)
        answer = rival(train.rows(inside), seed)(held.unmeasured())
        scores.append(np.abs(_final(answer) - held.curves[:, -1]))
    sorted_scores = np.sort(np.concatenate(scores))
    half = sorted_scores[min(len(sorted_scores) - 1, int(np.ceil(LEVEL * (len(sorted_scores) + 1))) - 1)]
    fitted = rival(train, seed)

    def predict(rows: MeasuredCurves) -> CurveAnswer:
        answer = fitted(rows)
        return CurveAnswer(answer.curves, answer.traits, _final(answer) - half, _final(answer) + half)

    return predict


def mean_of(first: CurveRival, second: CurveRival, train: MeasuredCurves, seed: int) -> FittedCurves:
    """Predict the mean of two rivals."""
    fits = first(train, seed), second(train, seed)

    def predict(rows: MeasuredCurves) -> CurveAnswer:
        a, b = (fitted(rows) for fitted in fits)
        curves, traits = (np.mean([getattr(x, name) for x in (a, b)], axis=0) for name in ("curves", "traits"))
        return CurveAnswer(curves, traits)

    return predict


def _final(answer: CurveAnswer) -> np.ndarray:
    if answer.traits is not None:
        return answer.traits[:, 0]
    assert answer.curves is not None
    return answer.curves[:, -1]


def _with_known(rows: MeasuredCurves, features: np.ndarray) -> np.ndarray:
    return np.column_stack([features, rows.curves[:, : rows.before]]) if rows.before else features


def _fit(estimator: BaseEstimator, features: Features, train: MeasuredCurves) -> FittedCurves:
    parts, inputs = components_of(train.curves), StandardScaler().fit(features(train))
    outputs = StandardScaler()
    scores = parts.transform(train.curves)
    targets = outputs.fit_transform(np.column_stack([scores, train.traits.to_numpy()]))
    # Components count by the variance that they explain, so that a tree splits by the curve and not by its noise.
    weight = np.ones(targets.shape[1])
    weight[: scores.shape[1]] = np.maximum(scores.std(axis=0) / scores.std(axis=0).max(), 0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(inputs.transform(features(train)), targets * weight)

    def predict(rows: MeasuredCurves) -> CurveAnswer:
        at = inputs.transform(features(rows))
        process = isinstance(estimator, GaussianProcessRegressor)
        found, deviation = estimator.predict(at, return_std=True) if process else (estimator.predict(at), None)
        answer = outputs.inverse_transform(found / weight)
        curves, traits = parts.inverse_transform(answer[:, : scores.shape[1]]), answer[:, scores.shape[1] :]
        if deviation is None:
            return CurveAnswer(curves, traits)
        half = NINETY * deviation[:, scores.shape[1]] * outputs.scale_[scores.shape[1]]
        return CurveAnswer(curves, traits, traits[:, 0] - half, traits[:, 0] + half)

    return predict


def _ridge(seed: int) -> BaseEstimator:
    return RidgeCV(PENALTIES)


def _neighbours(seed: int) -> BaseEstimator:
    return KNeighborsRegressor(5)


def _process(seed: int) -> BaseEstimator:
    kernel = ConstantKernel(1.0) * RBF(5.0, (0.3, 100.0)) + ConstantKernel(0.1) * DotProduct(1.0) + WhiteKernel(0.1)
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)


def _trees(seed: int) -> BaseEstimator:
    return ExtraTreesRegressor(TREES, random_state=seed)


CURVE_RIVALS: dict[str, CurveRival] = {
    "mean": mean,
    "last value": carried_forward,
    "5 nearest": partial(regression, _neighbours, presence),
    "ridge": partial(regression, _ridge, presence),
    "GP": partial(regression, _process, presence),
    "extra trees": partial(conformal, partial(regression, _trees, presence), False),
    "ridge, FBA": partial(regression, _ridge, mechanistic),
    "GP, FBA": partial(regression, _process, mechanistic),
    "extra trees, FBA": partial(conformal, partial(regression, _trees, mechanistic), True),
    "GP, FBA and blocks": partial(regression, _process, beside),
    "extra trees, both": partial(regression, _trees, both),
    "mean of these two": partial(mean_of, partial(regression, _process, beside), partial(regression, _trees, both)),
}
"""Every rival by its name: on presence alone, on mechanistic features ("FBA"), on both, and on these features with the
presence of what is no source of carbon."""
