"""RidgeEstimate: every target by a shrunk linear model, in closed form for all targets at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.estimates.design import Scaling, shared_columns
from metagnn.estimates.estimate import AbstractEstimate, AbstractFittedEstimate, Guess
from metagnn.estimates.known_samples import KnownSamples
from metagnn.estimates.observations import Observations

CHUNK_ENTRIES = 2**22
"""Largest size of an intermediate, samples × columns × targets."""


@dataclass(frozen=True)
class RidgeEstimate(AbstractEstimate):
    """Least squares with a penalty on the coefficients of scaled columns; the intercept is not shrunk.

    Attributes:
        name: How it is called in results.
        columns: What it reads, as in `shared_columns`.
        own: Whether it also reads the minimum-norm flux of the target itself.
        penalty: Penalty on a squared coefficient, per training row.
    """

    name: str = "ridge"
    columns: tuple[str, ...] = ("inputs",)
    own: bool = False
    penalty: float = 0.01

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedRidge:
        """See the base class."""
        shared = shared_columns(known, self.columns)
        scaling, own_scaling = Scaling.of(shared), Scaling.of(known.own)
        seen = Observations.of(observed, weight)
        samples, targets = observed.shape
        width = shared.shape[1] + self.own
        coefficients, inverse = np.zeros((targets, width)), np.zeros((targets, width, width))
        centre, offset = np.zeros((targets, width)), seen.mean()
        fitted, used = np.zeros(observed.shape), np.ones(targets)
        step = max(CHUNK_ENTRIES // max(samples * max(width, 1), 1), 1)
        for start in range(0, targets, step):
            part = slice(start, start + step)
            X = _design(
                scaling.apply(shared), own_scaling.apply(known.own)[:, part] if self.own else None, observed[:, part]
            )
            w = seen.weight[:, part]
            total = np.maximum(w.sum(axis=0), 1e-300)
            centre[part] = np.einsum("nt,ntp->tp", w, X) / total[:, None]
            X = X - centre[part]
            square = np.einsum("nt,ntp,ntq->tpq", w, X, X, optimize=True)
            product = np.einsum(
                "nt,ntp,nt->tp", w, X, seen.values[:, part] - np.nan_to_num(offset[part]), optimize=True
            )
            penalty = self.penalty * np.maximum(seen.count[part], 1)
            inverse[part] = np.linalg.inv(square + penalty[:, None, None] * np.eye(width))
            coefficients[part] = np.einsum("tpq,tq->tp", inverse[part], product)
            fitted[:, part] = offset[part] + np.einsum("ntp,tp->nt", X, coefficients[part])
            used[part] += np.einsum("tpq,tqp->t", inverse[part], square)
        return FittedRidge(
            self, scaling, own_scaling, centre, coefficients, inverse, offset, seen.deviation(fitted, used)
        )


@dataclass(frozen=True, eq=False)
class FittedRidge(AbstractFittedEstimate):
    """Coefficients of every target."""

    settings: RidgeEstimate
    scaling: Scaling
    own_scaling: Scaling
    centre: np.ndarray
    coefficients: np.ndarray
    inverse: np.ndarray
    offset: np.ndarray
    deviation: np.ndarray

    def predict(self, known: KnownSamples) -> Guess:
        """See the base class; the deviation grows with the distance from the training rows."""
        shared = self.scaling.apply(shared_columns(known, self.settings.columns))
        own = self.own_scaling.apply(known.own) if self.settings.own else None
        mean, deviation = np.zeros((len(known), len(self.offset))), np.zeros((len(known), len(self.offset)))
        step = max(CHUNK_ENTRIES // max(len(known) * max(self.centre.shape[1], 1), 1), 1)
        for start in range(0, len(self.offset), step):
            part = slice(start, start + step)
            X = _design(shared, None if own is None else own[:, part], mean[:, part]) - self.centre[part]
            mean[:, part] = self.offset[part] + np.einsum("ntp,tp->nt", X, self.coefficients[part])
            leverage = np.einsum("ntp,tpq,ntq->nt", X, self.inverse[part], X, optimize=True)
            deviation[:, part] = self.deviation[part] * np.sqrt(1.0 + leverage)
        return Guess(mean, deviation)


def _design(shared: np.ndarray, own: np.ndarray | None, targets: np.ndarray) -> np.ndarray:
    """Columns of every target, shape `[samples, targets, columns]`."""
    columns = np.broadcast_to(shared[:, None, :], (*targets.shape, shared.shape[1]))
    return columns if own is None else np.concatenate([columns, own[:, :, None]], axis=2)
