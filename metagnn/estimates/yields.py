"""YieldsEstimate: every target in proportion to the carbon taken up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import SMALLEST, Observations


@dataclass(frozen=True)
class YieldsEstimate(AbstractEstimate):
    """k · size with one yield k per target, by least squares."""

    name: str = "yields"

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedYields:
        """See the base class."""
        seen = Observations.of(observed, weight)
        size = known.size[:, None]
        total = (seen.weight * size**2).sum(axis=0)
        product = (seen.weight * size * seen.values).sum(axis=0)
        slope = np.divide(product, total, out=np.zeros(len(total)), where=total > SMALLEST)
        slope[seen.count == 0] = np.nan
        usual = float(np.sqrt(np.mean(known.size**2))) if len(known) else 1.0
        return FittedYields(slope, seen.deviation(size * slope), max(usual, SMALLEST))


@dataclass(frozen=True, eq=False)
class FittedYields(AbstractFittedEstimate):
    """Yield and deviation of every target, and the size at which the deviation holds."""

    slope: np.ndarray
    deviation: np.ndarray
    usual: float

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; the deviation grows with the size beyond the usual one."""
        larger = np.maximum(known.size / self.usual, 1.0)
        return Guess(known.size[:, None] * self.slope, larger[:, None] * self.deviation)
