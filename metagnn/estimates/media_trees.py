"""TreesEstimate: extremely randomised trees (Geurts et al. 2006, doi 10.1007/s10994-006-6226-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations


@dataclass(frozen=True)
class TreesEstimate(AbstractEstimate):
    """Trees on descriptors, further features and inputs; targets with the same gaps share trees.

    Attributes:
        name: How it is called in results.
        trees: Number of trees.
        seed: Seed of the splits.
    """

    trees: int = 100
    seed: int = 0

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedTrees:
        """See the base class."""
        seen = Observations.of(observed, weight)
        centre = np.nan_to_num(seen.mean())
        scale = np.maximum(seen.deviation(np.broadcast_to(centre, observed.shape)), 1e-12)
        X = _columns(known)
        patterns, which = np.unique(seen.weight.T, axis=0, return_inverse=True)
        members = []
        for pattern, row_weight in enumerate(patterns):
            columns, rows = np.flatnonzero(which.reshape(-1) == pattern), np.flatnonzero(row_weight > 0)
            if not len(rows):
                continue
            y = (seen.values[np.ix_(rows, columns)] - centre[columns]) / scale[columns]
            forest = ExtraTreesRegressor(self.trees, random_state=self.seed)
            y = y[:, 0] if len(columns) == 1 else y
            members.append((columns, forest.fit(X[rows], y, sample_weight=row_weight[rows])))
        return FittedTrees(centre, scale, seen.count > 0, tuple(members))


@dataclass(frozen=True, eq=False)
class FittedTrees(AbstractFittedEstimate):
    """Forests, each with the targets that it predicts."""

    centre: np.ndarray
    scale: np.ndarray
    known: np.ndarray
    members: tuple[tuple[np.ndarray, Any], ...]

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; the deviation is that between trees."""
        X = _columns(known)
        mean, deviation = np.zeros((len(X), len(self.centre))), np.zeros((len(X), len(self.centre)))
        for columns, forest in self.members:
            each = np.stack([tree.predict(X.astype(np.float32)).reshape(len(X), -1) for tree in forest.estimators_])
            mean[:, columns], deviation[:, columns] = each.mean(axis=0), each.std(axis=0)
        mean = np.where(self.known, self.centre + self.scale * mean, np.nan)
        return Guess(mean, np.where(self.known, self.scale * deviation, np.nan))


def _columns(known: KnownSamples) -> np.ndarray:
    return np.nan_to_num(np.concatenate([known.descriptors, known.features, known.inputs], axis=1))
