"""AbstractEstimate: a simple estimate of targets from what is known of a sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from metagnn.estimates.known_samples import KnownSamples


@dataclass(frozen=True, eq=False)
class Guess:
    """What an estimate says of samples.

    Attributes:
        mean: Shape `[samples, targets]`.
        deviation: Standard deviation ≥ 0 by the estimate's own account, the same shape.
    """

    mean: np.ndarray
    deviation: np.ndarray


class AbstractFittedEstimate(ABC):
    """An estimate that has seen training rows."""

    @abstractmethod
    def predict(self, known: KnownSamples) -> Guess:
        """Estimate every target of samples; a target that no training row holds is NaN."""


@dataclass(frozen=True)
class AbstractEstimate(ABC):
    """Settings of an estimate; no state, so that one instance fits any number of data sets.

    Attributes:
        name: How the estimate is called in results.
    """

    name: str

    @abstractmethod
    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> AbstractFittedEstimate:
        """Fit training rows.

        Args:
            known: What is known of the rows.
            observed: Targets, shape `[samples, targets]`; NaN where nothing was observed.
            weight: Weight ≥ 0 of every observation, the same shape; None weighs all alike.
        """
