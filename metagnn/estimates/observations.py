"""Observed targets with gaps and weights, prepared for least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Observations:
    """Targets with zero in place of gaps, and weights that are zero there.

    Attributes:
        values: Shape `[samples, targets]`.
        weight: Shape `[samples, targets]`; the mean over the observed rows of a target is 1.
        count: Number of observed rows of every target, shape `[targets]`.
    """

    values: np.ndarray
    weight: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, observed: np.ndarray, weight: np.ndarray | None) -> Observations:
        """Build from targets with NaN for gaps and weights that may be None."""
        seen = ~np.isnan(observed)
        held = np.where(seen, 1.0 if weight is None else weight, 0.0)
        seen = held > 0
        count = seen.sum(axis=0)
        total = held.sum(axis=0)
        scale = np.divide(count, total, out=np.ones(len(count)), where=total > 0)
        return cls(np.where(seen, observed, 0.0), held * scale, count)

    def mean(self, values: np.ndarray | None = None) -> np.ndarray:
        """Weighted mean of every target, NaN without a row, shape `[targets]`."""
        values = self.values if values is None else values
        total = self.weight.sum(axis=0)
        summed = (self.weight * values).sum(axis=0)
        mean: np.ndarray = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
        return mean

    def deviation(self, fitted: np.ndarray, used: float | np.ndarray = 1.0) -> np.ndarray:
        """Standard deviation of the residuals, shape `[targets]`.

        Args:
            fitted: Fitted values, shape `[samples, targets]`.
            used: Number of parameters that the fit spent on a target.
        """
        square = np.where(self.weight > 0, self.weight * (self.values - fitted) ** 2, 0.0).sum(axis=0)
        left = np.maximum(self.count - used, 1.0)
        # Of one row, the size of the value is all that is known of its error.
        size = np.sqrt(self.mean(self.values**2))
        spread: np.ndarray = np.where(self.count > 1, np.sqrt(square / left), size)
        return spread
