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

LEAST_SPREAD = 0.3
"""Smallest standard deviation of an own flux that it is scaled by, relative to that of all targets."""


@dataclass(frozen=True)
class RidgeEstimate(AbstractEstimate):
    """Least squares with a penalty on the coefficients of scaled columns; the intercept is not shrunk.

    Attributes:
        name: How it is called in results.
        columns: What it reads, as in `shared_columns`.
        own: Coefficient that the minimum-norm flux of the target itself is shrunk to, such as 1 for a cell that does
            what flux balance analysis says; None: it is not read.
        penalty: Penalty on a squared coefficient, per training row.
    """

    name: str = "ridge"
    columns: tuple[str, ...] = ("inputs",)
    own: float | None = None
    penalty: float = 0.01

    def fit(self, known: KnownSamples, observed: np.ndarray, weight: np.ndarray | None) -> FittedRidge:
        """See the base class."""
        shared = shared_columns(known, self.columns)
        scaling, own_scaling = Scaling.of(shared), _own_scaling(known.own)
        own = None if self.own is None else own_scaling.apply(known.own)
        seen = Observations.of(observed - self.expected(own_scaling, known), weight)
        samples, targets = observed.shape
        width = shared.shape[1] + (own is not None)
        coefficients, inverse = np.zeros((targets, width)), np.zeros((targets, width, width))
        centre, offset = np.zeros((targets, width)), seen.mean()
        fitted, used = np.zeros(observed.shape), np.ones(targets)
        step = max(CHUNK_ENTRIES // max(samples * max(width, 1), 1), 1)
        for start in range(0, targets, step):
            part = slice(start, start + step)
            X = _design(scaling.apply(shared), None if own is None else own[:, part], observed[:, part])
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

    def expected(self, own_scaling: Scaling, known: KnownSamples) -> np.ndarray | float:
        """What is expected of every target before any row is seen; of a sample without own fluxes, their mean."""
        if not self.own:
            return 0.0
        return self.own * np.where(np.isnan(known.own), own_scaling.centre, known.own)


def _own_scaling(own: np.ndarray) -> Scaling:
    """Scaling of the own fluxes: one that hardly varies in training must not weigh by a thousand elsewhere."""
    scaling = Scaling.of(own)
    spread = np.where(np.isfinite(scaling.scale), scaling.scale, 0.0)
    scale = np.sqrt(spread**2 + LEAST_SPREAD**2 * np.mean(spread**2)) if spread.size else spread
    return Scaling(scaling.centre, np.where(scale > 0, scale, np.inf))


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
        own = None if self.settings.own is None else self.own_scaling.apply(known.own)
        mean, deviation = np.zeros((len(known), len(self.offset))), np.zeros((len(known), len(self.offset)))
        step = max(CHUNK_ENTRIES // max(len(known) * max(self.centre.shape[1], 1), 1), 1)
        for start in range(0, len(self.offset), step):
            part = slice(start, start + step)
            X = _design(shared, None if own is None else own[:, part], mean[:, part]) - self.centre[part]
            mean[:, part] = self.offset[part] + np.einsum("ntp,tp->nt", X, self.coefficients[part])
            leverage = np.einsum("ntp,tpq,ntq->nt", X, self.inverse[part], X, optimize=True)
            deviation[:, part] = self.deviation[part] * np.sqrt(1.0 + leverage)
        return Guess(mean + self.settings.expected(self.own_scaling, known), deviation)


def _design(shared: np.ndarray, own: np.ndarray | None, targets: np.ndarray) -> np.ndarray:
    """Columns of every target, shape `[samples, targets, columns]`."""
    columns = np.broadcast_to(shared[:, None, :], (*targets.shape, shared.shape[1]))
    return columns if own is None else np.concatenate([columns, own[:, :, None]], axis=2)
