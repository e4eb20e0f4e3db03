"""GainedFluxEstimate: the minimum-norm flux of a reaction times a gain of its own, shrunk to a common one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations

WIDTHS = np.array([1e-3, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0])
"""Standard deviations of the gains that are tried: from none to free."""


@dataclass(frozen=True)
class GainedFluxEstimate(AbstractEstimate):
    """own · gain, with gains that are normal around 1 and a width that the data choose by their evidence.

    A wide prior fits every reaction by itself; a narrow one leaves flux balance analysis as it is.

    Attributes:
        name: How it is called in results.
        widths: Standard deviations of the gains to choose from.
    """

    name: str = "FBA with gains"
    widths: tuple[float, ...] = tuple(WIDTHS.tolist())

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedGains:
        """See the base class."""
        seen = Observations.of(np.where(np.isnan(known.own), np.nan, observed), weight)
        own = np.nan_to_num(known.own)
        # Errors in proportion to the size of a sample count alike.
        size = np.maximum(np.sqrt((seen.weight * seen.values**2).sum(axis=1)), 1e-12)
        size = np.maximum(size, 0.05 * np.median(size))[:, None]
        a, y, w = own / size, seen.values / size, seen.weight
        square, left = (w * a**2).sum(axis=0), y - a
        product = (w * a * left).sum(axis=0)
        used = square > 0
        noise = max(float((w * left**2)[:, used].sum() / max(w[:, used].sum(), 1.0)), 1e-12) if used.any() else 1.0
        best, gain = -np.inf, np.ones(len(square))
        for width in self.widths:
            # Noise and gains alternate a few times: both are one number here.
            variance = noise
            for _ in range(20):
                shift = product / (square + variance / width**2)
                residual = (w * (left - a * shift) ** 2).sum(axis=0)
                spent = (square / (square + variance / width**2))[used].sum()
                count = max(float((w[:, used] > 0).sum()) - spent, 1.0)
                variance = max(float(residual[used].sum()) / count, 1e-12)
            evidence = _evidence(square[used], product[used], (w * left**2)[:, used], variance, width)
            if evidence > best:
                best, gain = evidence, 1.0 + shift
        deviation = seen.deviation(own * gain)
        usual = np.sqrt(np.mean(known.size**2)) if len(known) else 1.0
        return FittedGains(gain, deviation, max(float(usual), 1e-12), seen.mean())


def _evidence(square: np.ndarray, product: np.ndarray, left: np.ndarray, variance: float, width: float) -> float:
    """Log density of the observations, up to a constant."""
    count = float((left > 0).sum())
    gained = product**2 / (square + variance / width**2)
    fit = -0.5 * (left.sum() - gained.sum()) / variance
    return float(fit - 0.5 * count * np.log(variance) - 0.5 * np.log1p(square * width**2 / variance).sum())


@dataclass(frozen=True, eq=False)
class FittedGains(AbstractFittedEstimate):
    """Gain and deviation of every target, the size at which the deviation holds, and the mean of the training rows."""

    gain: np.ndarray
    deviation: np.ndarray
    usual: float
    mean: np.ndarray

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; a sample without own fluxes has the mean of the training rows."""
        larger = np.maximum(known.size / self.usual, 1.0)
        own = np.where(np.isnan(known.own), np.broadcast_to(self.mean, known.own.shape), known.own * self.gain)
        own[:, np.isnan(self.mean)] = np.nan
        return Guess(own, larger[:, None] * self.deviation)
