"""Fit one biomass composition to all rows of a file, by all balances at once, weighted by the noise of every row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.stats

from metagnn.analysis.composition.content_interval import UNDETERMINED, Interval, content_interval
from metagnn.analysis.composition.fitted_composition import Composition
from metagnn.analysis.reconciliation.composition_prior import (
    CellContents,
    CompositionPrior,
    composition_prior,
    own_contents,
)
from metagnn.analysis.reconciliation.exchange_laws import TRACE_STD, ExchangeLaws

ROUNDS = 30
RANK_TOLERANCE = 1e-9
WELL_INSIDE = 1.0
"""Squared distance from what cells are made of, in standard deviations, up to which a composition needs no test."""

OUTLYING = 0.01
"""Probability of a row's misfit below which the row is given less weight (Huber)."""


@dataclass(frozen=True, eq=False)
class FittedComposition:
    """A composition with its uncertainty.

    Attributes:
        theta: Change of every parameter of the composition.
        covariance: Covariance of theta.
        composition: Alpha and beta with intervals.
        gamma: Electrons per carbon of biomass.
        gamma_interval: Its interval (90 %).
        undetermined: Directions of theta that data and prior leave open, shape `[parameters, directions]`.
        spread: Factor on every variance: observed over expected scatter of the rows; at least 1.
        rows: Rows that were used.
        outside: Contents that the data place outside what cells are made of, one sentence each.
    """

    theta: np.ndarray
    covariance: np.ndarray
    composition: Composition
    gamma: float
    gamma_interval: Interval
    undetermined: np.ndarray
    spread: float
    rows: int
    outside: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """Rows alpha, beta [mmol/gDW] and degree_of_reduction [electrons/carbon]; columns `value, low, high`."""
        table = self.composition.table
        table.loc["degree_of_reduction"] = [self.gamma, *self.gamma_interval]
        return table


def fit_composition(
    exchange_laws: ExchangeLaws,
    measured: np.ndarray,
    deviations: np.ndarray,
    gamma: tuple[float, float] | None = None,
    contents: CellContents | None = None,
) -> FittedComposition:
    """Fit the alpha and beta at which the measured rates of all rows close all balances best.

    Unmeasured rates are left open, so that a row contributes through the balances that it can close: carbon where
    CO2 was measured, electrons where O2 was. The degree of reduction has a prior of a few per cent; alpha and beta have
    one that is flat over what cells are made of, and pulls back what lies beyond. Intervals are those of
    `content_interval`, by the covariance of the pooled least-squares fit.

    Args:
        exchange_laws: The laws of the boundary fluxes, whose parameters are fitted.
        measured: Measured boundary fluxes, NaN where nothing was measured, shape `[samples, boundary]` [mmol/gDW/h].
        deviations: Their standard deviations, the same shape.
        gamma: Electrons per carbon of biomass and the standard deviation; by default the network's own, 4 %.
        contents: Ranges of alpha and beta; by default those of cells in general.
    """
    prior = composition_prior(exchange_laws, gamma, contents)
    pooled = pooled_fit(exchange_laws, measured, deviations, prior)
    theta, spread = pooled.theta, pooled.spread
    # The scatter of the rows widens what they say, not the prior.
    information = pooled.information / spread + prior.information(theta)
    covariance = np.linalg.inv(information) if len(theta) else np.zeros((0, 0))
    # The ends of the ranges hold a content that no data determine, and determine nothing.
    inner = pooled.information / spread + prior.inner_information(theta)
    loose = np.linalg.inv(inner) if len(theta) else covariance
    found = _summary(exchange_laws, theta, (covariance, loose), spread, pooled.rows)
    if not (prior.misfits(theta) > WELL_INSIDE).any():
        return found
    vague = prior.without_ranges()
    free = pooled_fit(exchange_laws, measured, deviations, vague)
    alone = np.linalg.inv(free.information / free.spread + vague.information(free.theta))
    return replace(found, outside=prior.outside(free.theta, alone))


@dataclass(frozen=True, eq=False)
class PooledFit:
    """The composition at which all rows close best, without intervals.

    Attributes:
        theta: Change of every parameter.
        information: Fisher information of the rows about theta, without the prior.
        chi_squared: Misfit of every row, shape `[samples]`.
        freedom: Redundant measurements of every row, given the composition.
        rows: Number of rows with growth; only these inform the composition.
    """

    theta: np.ndarray
    information: np.ndarray
    chi_squared: np.ndarray
    freedom: np.ndarray
    rows: int

    @property
    def spread(self) -> float:
        """Observed over expected scatter of the rows, as a factor on every variance; at least 1."""
        checked = self.freedom > 0
        typical = scipy.stats.chi2.median(self.freedom[checked])
        return max(float(np.median(self.chi_squared[checked] / typical)), 1.0) if checked.any() else 1.0


def pooled_fit(
    exchange_laws: ExchangeLaws, measured: np.ndarray, deviations: np.ndarray, prior: CompositionPrior
) -> PooledFit:
    """Maximise the posterior of theta over all rows; give rows that do not fit less weight.

    Args:
        exchange_laws: The laws of the boundary fluxes.
        measured: Measured boundary fluxes, NaN where nothing was measured, shape `[samples, boundary]` [mmol/gDW/h].
        deviations: Their standard deviations.
        prior: What is known of theta before any data.
    """
    groups = group_rows(exchange_laws, measured, deviations)
    growth = np.where(np.isnan(measured[:, -1]), 0.0, measured[:, -1])
    freedom = exchange_laws.redundancy(~np.isnan(measured))
    limit = scipy.stats.chi2.isf(OUTLYING, np.maximum(freedom, 1))
    theta, weight, chi = prior.mean.copy(), (growth > 0).astype(np.float64), np.zeros(len(measured))
    information = np.zeros((len(theta), len(theta)))
    for _ in range(ROUNDS):
        information, right = np.zeros_like(information), prior.pull(theta)
        for group in groups:
            chi[group.rows], each, pull = _normal_equations(exchange_laws, group, theta)
            information = information + np.einsum("s,spq->pq", weight[group.rows], each)
            right = right + weight[group.rows] @ pull
        step = np.linalg.solve(information + prior.information(theta), right) if len(theta) else np.zeros(0)
        theta = theta + step
        weight = np.where(growth > 0, np.minimum(1.0, limit / np.maximum(chi, 1e-300)), 0.0)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return PooledFit(theta, information, chi, freedom, int((growth > 0).sum()))


@dataclass(frozen=True, eq=False)
class RowGroup:
    """Rows that measure the same reactions, and the laws that involve no unmeasured open flux.

    Attributes:
        rows: Positions of the rows.
        kept: Combinations of laws in which no open flux takes part, shape `[kept, laws]`.
        centre: Measurements, zero elsewhere, shape `[rows, boundary]`.
        variances: Variances of the measurements, and of unmeasured fluxes that are about zero; the same shape.
    """

    rows: np.ndarray
    kept: np.ndarray
    centre: np.ndarray
    variances: np.ndarray


def group_rows(exchange_laws: ExchangeLaws, measured: np.ndarray, deviations: np.ndarray) -> list[RowGroup]:
    """Group rows by what they measure, and eliminate unmeasured open fluxes.

    A wide prior on these fluxes would not do: over thousands of rows it adds up to a strong one.
    """
    patterns, which = np.unique(np.isnan(measured), axis=0, return_inverse=True)
    groups = []
    for number, missing in enumerate(patterns):
        rows = np.flatnonzero(which.ravel() == number)
        kept = _left_null(exchange_laws.matrix[:, missing & exchange_laws.open])
        kept = _without_trace_laws(exchange_laws, kept, missing)
        centre = np.where(missing, 0.0, measured[rows])
        variances = np.where(
            missing, np.where(exchange_laws.open, 0.0, exchange_laws.unmeasured_std**2), deviations[rows] ** 2
        )
        if len(kept):
            groups.append(RowGroup(rows, kept, centre, variances))
    return groups


def _left_null(matrix: np.ndarray) -> np.ndarray:
    left, size, _ = np.linalg.svd(matrix)
    return np.asarray(left[:, int((size > RANK_TOLERANCE).sum()) :].T)


def _without_trace_laws(exchange_laws: ExchangeLaws, kept: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Drop what ties traces to growth alone, where growth needs more than the smallest of any.

    Such a law checks no measurement; that a trace is about zero would say that biomass holds none of it.
    """
    loose = missing & exchange_laws.traces
    if not (exchange_laws.unmeasured_std[loose] > TRACE_STD).any() or not len(kept):
        return kept
    checked = ~missing
    checked[-1] = False
    laws = kept @ exchange_laws.matrix
    alone = _left_null(laws[:, checked]) @ laws[:, loose]
    _, size, right = np.linalg.svd(alone, full_matrices=False)
    return np.asarray(_left_null(laws[:, loose] @ right[size > RANK_TOLERANCE].T) @ kept)


def _normal_equations(
    exchange_laws: ExchangeLaws, group: RowGroup, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Misfit of every row, its information about theta, and its score (the right-hand side of the normal equations).

    Growth is noisy too. The derivative takes its reconciled value, as maximum likelihood requires: with the measured
    value, the product of noise with itself would bias a fit to thousands of rows.
    """
    laws, changes = group.kept @ exchange_laws.matrix_at(theta), group.kept @ exchange_laws.changes
    centre, variances = group.centre, group.variances
    covariance = np.einsum("lb,sb,mb->slm", laws, variances, laws, optimize=True)
    inverse = np.linalg.inv(covariance)
    residual = centre @ laws.T
    chi = np.einsum("sl,slm,sm->s", residual, inverse, residual, optimize=True)
    moved = np.einsum("lb,slm,sm->sb", laws, inverse, residual, optimize=True)
    growth = centre[:, -1] - variances[:, -1] * moved[:, -1]
    weighted = np.einsum("lp,slm->spm", changes, inverse, optimize=True)
    information = np.square(growth)[:, None, None] * (weighted @ changes)
    pull = -growth[:, None] * np.einsum("spm,sm->sp", weighted, residual, optimize=True)
    return chi, information, pull


def _summary(
    exchange_laws: ExchangeLaws,
    theta: np.ndarray,
    covariances: tuple[np.ndarray, np.ndarray],
    spread: float,
    rows: int,
) -> FittedComposition:
    """Summarise a fit by the covariance of θ, and by that without the ends of the prior's ranges."""
    covariance, loose = covariances
    own = np.array(own_contents(exchange_laws))
    if not len(theta):
        alpha, beta, electrons = own
        fixed = Composition(float(alpha), float(beta))
        empty = np.zeros((0, 0))
        return FittedComposition(
            theta, covariance, fixed, float(electrons / alpha), (float(electrons / alpha),) * 2, empty, spread, rows
        )
    weights = exchange_laws.biomass.weights
    contents, moves = own - weights @ exchange_laws.column_changes @ theta, -weights @ exchange_laws.column_changes
    errors, open_errors = (np.sqrt(np.einsum("cp,pq,cq->c", moves, found, moves)) for found in covariances)
    errors = np.where(open_errors < UNDETERMINED * np.abs(contents), errors, np.inf)
    alpha, beta = (content_interval(contents[i], errors[i] / abs(contents[i])) for i in range(2))
    ratio = contents[2] / contents[0]
    slope = (moves[2] - ratio * moves[0]) / contents[0]
    gamma, gamma_interval = content_interval(ratio, np.sqrt(slope @ covariance @ slope) / abs(ratio))
    scale = np.abs(own) if len(theta) == 3 else np.ones(len(theta))
    size, vectors = np.linalg.eigh(loose / np.outer(scale, scale))
    undetermined = (vectors[:, size > UNDETERMINED**2].T * scale).T
    return FittedComposition(
        theta,
        covariance,
        Composition(alpha[0], beta[0], alpha[1], beta[1]),
        gamma,
        gamma_interval,
        undetermined,
        spread,
        rows,
    )
