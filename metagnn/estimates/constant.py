"""MeanEstimate: the mean of the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations


@dataclass(frozen=True)
class MeanEstimate(AbstractEstimate):
    """The weighted mean of every target, whatever the sample."""

    name: str = "mean"

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedMean:
        """See the base class."""
        seen = Observations.of(observed, weight)
        mean = seen.mean()
        return FittedMean(mean, seen.deviation(np.broadcast_to(mean, observed.shape)))


@dataclass(frozen=True, eq=False)
class FittedMean(AbstractFittedEstimate):
    """Mean and deviation of every target, each of shape `[targets]`."""

    mean: np.ndarray
    deviation: np.ndarray

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class."""
        shape = (len(known), len(self.mean))
        return Guess(np.broadcast_to(self.mean, shape).copy(), np.broadcast_to(self.deviation, shape).copy())
