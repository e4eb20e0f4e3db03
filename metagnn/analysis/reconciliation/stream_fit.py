"""Fit measured rates again with one more stream, for every stream that may be missing, without a solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation.composition_fit import PooledFit, group_rows
from metagnn.analysis.reconciliation.composition_prior import CompositionPrior
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws

NO_EFFECT = 1e-9
"""Squared size, in standard deviations, below which a stream cannot change how the rows close."""

ROUNDS = 8
SAMPLES_AT_ONCE = 20_000
"""Rows times streams that are held in memory at once."""


@dataclass(frozen=True, eq=False)
class Streams:
    """Streams that may be missing.

    Attributes:
        columns: What one unit of flow adds to the laws, shape `[laws, streams]`.
        scales: Flow of one unit in every row, shape `[samples, streams]` [mmol/gDW/h].
    """

    columns: np.ndarray
    scales: np.ndarray


@dataclass(frozen=True, eq=False)
class StreamFit:
    """How much better the rows close with one more stream; all p-values are of one stream alone.

    Attributes:
        in_ratio: Fall of the misfit with one unknown for all rows: flow in proportion to the scales, `[streams]`.
        in_ratio_p: Its p-value.
        ratio: That unknown.
        ratio_std: Its standard deviation.
        each: Fall of the misfit with an unknown flow in every row, `[streams]`.
        each_p: Its p-value.
        flows: Those flows, shape `[samples, streams]` [mmol/gDW/h].
        flow_std: Their standard deviations.
        row_p: p-value of every row alone, at the composition that most rows agree on, shape `[samples, streams]`.
        row_flows: Flow that closes a row at that composition, the same shape [mmol/gDW/h].
        row_std: Its standard deviation.
        misfit: Misfit of all rows without a stream.
    """

    in_ratio: np.ndarray
    in_ratio_p: np.ndarray
    ratio: np.ndarray
    ratio_std: np.ndarray
    each: np.ndarray
    each_p: np.ndarray
    flows: np.ndarray
    flow_std: np.ndarray
    row_p: np.ndarray
    row_flows: np.ndarray
    row_std: np.ndarray
    misfit: float


@dataclass(frozen=True, eq=False)
class _Whitened:
    """Residuals of all rows over their deviations, and their derivatives.

    Attributes:
        residuals: Shape `[samples, laws]`, zero beyond the laws that a row can close.
        slopes: Derivative with regard to θ, shape `[samples, laws, parameters]`.
        transforms: From the laws to the residuals, shape `[samples, laws, laws]`.
    """

    residuals: np.ndarray
    slopes: np.ndarray
    transforms: np.ndarray


def fit_streams(
    exchange_laws: ExchangeLaws,
    measured: np.ndarray,
    deviations: np.ndarray,
    prior: CompositionPrior,
    pooled: PooledFit,
    streams: Streams,
) -> StreamFit:
    """Fit composition and rows again with every stream in turn.

    The laws are linear in a flow, so a stream is one more column of a least-squares problem, and eliminating it is an
    update of rank one. Falls of the misfit are compared by the F test where the rows scatter more than their deviations
    say, by the likelihood ratio elsewhere.

    Args:
        exchange_laws: The laws of the boundary fluxes.
        measured: Measured boundary fluxes, shape `[samples, boundary]` [mmol/gDW/h].
        deviations: Their standard deviations.
        prior: What cells are made of.
        pooled: The composition without a further stream.
        streams: The streams.
    """
    rows = _whiten(exchange_laws, measured, deviations, pooled.theta)
    count = max(SAMPLES_AT_ONCE // max(len(measured), 1), 1)
    parts = [
        _fit_some(rows, pooled, prior, Streams(streams.columns[:, i : i + count], streams.scales[:, i : i + count]))
        for i in range(0, streams.columns.shape[1], count)
    ]
    arrays = [name for name in StreamFit.__dataclass_fields__ if name != "misfit"]
    joined = {name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in arrays}
    return StreamFit(**joined, misfit=parts[0].misfit)


def _whiten(exchange_laws: ExchangeLaws, measured: np.ndarray, deviations: np.ndarray, theta: np.ndarray) -> _Whitened:
    samples, laws = len(measured), len(exchange_laws.matrix)
    residuals, transforms = np.zeros((samples, laws)), np.zeros((samples, laws, laws))
    slopes = np.zeros((samples, laws, len(theta)))
    for group in group_rows(exchange_laws, measured, deviations):
        matrix, kept = group.kept @ exchange_laws.matrix_at(theta), len(group.kept)
        covariance = np.einsum("lb,sb,mb->slm", matrix, group.variances, matrix, optimize=True)
        inverse = np.linalg.inv(covariance)
        factor = np.swapaxes(np.linalg.cholesky((inverse + np.swapaxes(inverse, 1, 2)) / 2), 1, 2)
        apart = group.centre @ matrix.T
        moved = np.einsum("lb,slm,sm->sb", matrix, inverse, apart, optimize=True)
        # As in the fit of the composition, the derivative takes the reconciled growth.
        growth = group.centre[:, -1] - group.variances[:, -1] * moved[:, -1]
        residuals[group.rows, :kept] = np.einsum("slm,sm->sl", factor, apart)
        slopes[group.rows, :kept] = growth[:, None, None] * (factor @ (group.kept @ exchange_laws.changes))
        transforms[group.rows, :kept] = factor @ group.kept
    return _Whitened(residuals, slopes, transforms)


def _fit_some(rows: _Whitened, pooled: PooledFit, prior: CompositionPrior, streams: Streams) -> StreamFit:
    effect = (rows.transforms @ streams.columns) * streams.scales[:, None, :]
    size = np.square(effect).sum(axis=1)
    along = np.einsum("slj,sl->sj", effect, rows.residuals)
    tilt = np.einsum("slj,slp->sjp", effect, rows.slopes)
    problem = _Problem(
        np.einsum("slp,slq->pq", rows.slopes, rows.slopes),
        np.einsum("slp,sl->p", rows.slopes, rows.residuals),
        float(np.square(rows.residuals).sum()),
        prior,
        pooled.theta,
    )
    none, freedom, seen = problem.least()[0], int(pooled.freedom.sum()), size > NO_EFFECT
    rates = np.where(seen, 1.0 / np.where(seen, size, 1.0), 0.0)
    falls, p_values = np.zeros((2, size.shape[1])), np.ones((2, size.shape[1]))
    ratio, error = np.zeros(size.shape[1]), np.full(size.shape[1], np.inf)
    flows, spread = np.zeros_like(size), np.full(size.shape, np.inf)
    for j in np.flatnonzero(seen.any(axis=0)):
        total, pull, lean = size[:, j].sum(), along[:, j].sum(), tilt[:, j].sum(axis=0)
        left, step, covariance = problem.without(lean[None], np.array([pull]), np.array([1 / total]))
        falls[0, j], p_values[0, j] = none - left, _p_value(none - left, left, 1, freedom)
        ratio[j] = -(pull + lean @ step) / total
        error[j] = np.sqrt(1 / total + lean @ covariance @ lean / total**2)
        lean, rate = tilt[:, j], rates[:, j]
        left, step, covariance = problem.without(lean, along[:, j], rate)
        falls[1, j], p_values[1, j] = none - left, _p_value(none - left, left, int(seen[:, j].sum()), freedom)
        flows[:, j] = -(along[:, j] + lean @ step) * rate * streams.scales[:, j]
        moved = np.einsum("sp,pq,sq->s", lean, covariance, lean)
        known = rate > 0
        spread[known, j] = (np.abs(streams.scales[:, j]) * np.sqrt(rate + moved * rate**2))[known]
    alone = np.where(seen, np.abs(streams.scales) * np.sqrt(rates * pooled.spread), np.inf)
    row_p = np.where(seen, scipy.stats.chi2.sf(np.square(along) * rates / pooled.spread, 1), 1.0)
    row_flows = -along * rates * streams.scales
    return StreamFit(
        falls[0], p_values[0], ratio, error, falls[1], p_values[1], flows, spread, row_p, row_flows, alone, none
    )


@dataclass(frozen=True, eq=False)
class _Problem:
    """A misfit that is quadratic in a step of θ: start + 2 gradient·step + step·hessian·step + misfit of the prior."""

    hessian: np.ndarray
    gradient: np.ndarray
    start: float
    prior: CompositionPrior
    theta: np.ndarray

    def without(self, lean: np.ndarray, along: np.ndarray, rates: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Least misfit once some unknowns are eliminated, each with its derivatives and the inverse of its size."""
        reduced = _Problem(
            self.hessian - np.einsum("sp,s,sq->pq", lean, rates, lean),
            self.gradient - lean.T @ (along * rates),
            self.start - float(np.square(along) @ rates),
            self.prior,
            self.theta,
        )
        return reduced.least()

    def least(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Least misfit, the step that leads there, and the covariance of θ."""
        step = np.zeros(len(self.theta))
        for _ in range(ROUNDS):
            information = self.hessian + self.prior.information(self.theta + step)
            pull = self.prior.pull(self.theta + step) - self.gradient - self.hessian @ step
            change = np.linalg.solve(information, pull)
            step = step + change
            if np.abs(change).max(initial=0.0) < 1e-6:
                break
        rows = self.start + 2 * self.gradient @ step + step @ self.hessian @ step
        covariance = np.linalg.inv(self.hessian + self.prior.information(self.theta + step))
        return float(rows + self.prior.misfit(self.theta + step)), step, covariance


def _p_value(fall: float, left: float, unknowns: int, freedom: int) -> float:
    """p-value of a fall of the misfit by some unknowns, given what is left and how many measurements are redundant."""
    ratio = float(scipy.stats.chi2.sf(max(fall, 0.0), unknowns))
    spare = freedom - unknowns
    if spare <= 0:
        return ratio
    scatter = max(left, 1e-300) / spare
    return max(ratio, float(scipy.stats.f.sf(max(fall, 0.0) / unknowns / scatter, unknowns, spare)))
