"""TreesEstimate: extremely randomised trees (Geurts et al. 2006, doi 10.1007/s10994-006-6226-1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations


@dataclass(frozen=True)
class TreesEstimate(AbstractEstimate):
    """Trees on descriptors, further features and inputs.

    Trees of its own suit a target best among the training samples; splits that serve all targets extrapolate better.

    Attributes:
        name: How it is called in results.
        trees: Number of trees of a forest.
        seed: Seed of the splits.
        joint: Whether one forest serves all targets, scaled, with the mean in place of gaps.
    """

    trees: int = 100
    seed: int = 0
    joint: bool = False

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedTrees:
        """See the base class."""
        seen = Observations.of(observed, weight)
        X = _columns(known)
        if self.joint and observed.shape[1] > 1:
            return self._fit_joint(X, seen)
        forests: list[ExtraTreesRegressor | None] = []
        for target, row_weight in enumerate(seen.weight.T):
            rows = np.flatnonzero(row_weight)
            forest = ExtraTreesRegressor(self.trees, random_state=self.seed) if len(rows) else None
            if forest is not None:
                forest.fit(X[rows], seen.values[rows, target], sample_weight=row_weight[rows])
            forests.append(forest)
        return FittedTrees(tuple(forests))

    def _fit_joint(self, X: np.ndarray, seen: Observations) -> FittedJointTrees:
        centre = np.nan_to_num(seen.mean())
        scale = np.maximum(seen.deviation(np.broadcast_to(centre, seen.values.shape)), 1e-12)
        y = np.where(seen.weight > 0, (seen.values - centre) / scale, 0.0)
        row_weight = seen.weight.mean(axis=1)
        rows = np.flatnonzero(row_weight)
        forest = ExtraTreesRegressor(self.trees, random_state=self.seed)
        forest.fit(X[rows], y[rows], sample_weight=row_weight[rows])
        return FittedJointTrees(forest, np.where(seen.count > 0, centre, np.nan), scale)


@dataclass(frozen=True, eq=False)
class FittedTrees(AbstractFittedEstimate):
    """The forest of every target; None where no row holds it."""

    forests: tuple[ExtraTreesRegressor | None, ...]

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; the deviation is that between trees."""
        X = _columns(known).astype(np.float32)
        mean, deviation = np.full((len(X), len(self.forests)), np.nan), np.full((len(X), len(self.forests)), np.nan)
        for target, forest in enumerate(self.forests):
            if forest is not None:
                each = np.stack([tree.tree_.predict(X)[:, 0] for tree in forest.estimators_])
                mean[:, target], deviation[:, target] = each.mean(axis=0), each.std(axis=0)
        return Guess(mean, deviation)


@dataclass(frozen=True, eq=False)
class FittedJointTrees(AbstractFittedEstimate):
    """A forest of scaled targets, with centre and scale of each, shape `[targets]`."""

    forest: ExtraTreesRegressor
    centre: np.ndarray
    scale: np.ndarray

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; the deviation is that between trees."""
        X = _columns(known).astype(np.float32)
        each = np.stack([tree.tree_.predict(X)[:, :, 0] for tree in self.forest.estimators_])
        return Guess(self.centre + self.scale * each.mean(axis=0), self.scale * each.std(axis=0))


def _columns(known: KnownSamples) -> np.ndarray:
    return np.nan_to_num(np.concatenate([known.descriptors, known.features, known.inputs], axis=1))
