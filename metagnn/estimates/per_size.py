"""PerSizeEstimate: any estimate of the targets per carbon taken up, times the carbon taken up."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples


@dataclass(frozen=True)
class PerSizeEstimate(AbstractEstimate):
    """An estimate of yields: targets and own fluxes are divided by the size of the sample.

    Errors in proportion to the size then count alike in small and large samples, and what the estimate shrinks to is a
    constant yield. A sample of size zero has zero targets and teaches nothing.

    Attributes:
        name: How it is called in results.
        inner: The estimate of the yields.
    """

    inner: AbstractEstimate

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedPerSize:
        """See the base class."""
        size = known.size[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            yields = np.where(size > 0, observed / size, np.nan)
        return FittedPerSize(self.inner.fit(_per_size(known), yields, weight))


@dataclass(frozen=True, eq=False)
class FittedPerSize(AbstractFittedEstimate):
    """The fitted estimate of the yields."""

    inner: AbstractFittedEstimate

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class."""
        guess = self.inner.predict(_per_size(known))
        return Guess(known.size[:, None] * guess.mean, known.size[:, None] * guess.deviation)


def _per_size(known: KnownSamples) -> KnownSamples:
    size = np.where(known.size > 0, known.size, 1.0)[:, None]
    return dataclasses.replace(known, own=known.own / size)
