"""NearestYieldsEstimate: the mean yields of the samples that are nearest in their inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.estimates.design import Scaling, shared_columns
from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations

CHUNK_ENTRIES = 2**22
"""Largest size of an intermediate, samples × neighbours × targets."""


@dataclass(frozen=True)
class NearestYieldsEstimate(AbstractEstimate):
    """Mean of the targets per size of the k nearest training rows, times the size of the sample.

    Attributes:
        name: How it is called in results.
        neighbours: k; all rows where there are fewer.
        columns: What distances are measured in, as in `shared_columns`; scaled to unit deviation.
    """

    name: str = "nearest yields"
    neighbours: int = 7
    columns: tuple[str, ...] = ("inputs",)

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedNearestYields:
        """See the base class."""
        columns = shared_columns(known, self.columns)
        scaling = Scaling.of(columns)
        usable = known.size > 0
        size = np.where(usable, known.size, 1.0)[:, None]
        seen = Observations.of(np.where(usable[:, None], observed, np.nan), weight)
        yields = seen.values / size
        return FittedNearestYields(self, scaling, scaling.apply(columns), yields, seen.weight, seen.mean(yields))


@dataclass(frozen=True, eq=False)
class FittedNearestYields(AbstractFittedEstimate):
    """Training rows: where they are, their yields and weights; and the mean yields."""

    settings: NearestYieldsEstimate
    scaling: Scaling
    places: np.ndarray
    yields: np.ndarray
    weight: np.ndarray
    usual: np.ndarray

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; a target that no near row holds has its mean yield."""
        places = self.scaling.apply(shared_columns(known, self.settings.columns))
        near = min(self.settings.neighbours, len(self.places))
        mean = np.empty((len(known), self.yields.shape[1]))
        deviation = np.empty_like(mean)
        step = max(CHUNK_ENTRIES // max(near * self.yields.shape[1], len(self.places) * places.shape[1], 1), 1)
        for start in range(0, len(known), step):
            part = slice(start, start + step)
            distance = ((places[part, None, :] - self.places) ** 2).sum(axis=2)
            rows = np.argsort(distance, axis=1, kind="stable")[:, :near]
            mean[part], deviation[part] = self._of_rows(rows)
        return Guess(known.size[:, None] * mean, np.abs(known.size[:, None]) * deviation)

    def _of_rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean yields of training rows `[samples, neighbours]`, and their deviation."""
        weight, yields = self.weight[rows], self.yields[rows]
        total = weight.sum(axis=1)
        usual = np.broadcast_to(self.usual, total.shape)
        mean = np.divide((weight * yields).sum(axis=1), total, out=usual.copy(), where=total > 0)
        square = (weight * (yields - mean[:, None]) ** 2).sum(axis=1)
        spread = np.sqrt(np.divide(square, total, out=np.zeros(total.shape), where=total > 0))
        return mean, np.where(total > 0, spread, np.abs(usual))
