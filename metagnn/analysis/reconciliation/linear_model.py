"""Variances of fluxes given measurements, in closed form, for independent normal errors at steady state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.analysis.nearest_flux.nearest_to_rates import PRIOR

HELD = 1e8
"""Weight of a flux that a bound holds [1/(mmol/gDW/h)²]; a standard deviation of 1e-4."""

SLACK_WEIGHT = 1e-8
"""Weight of the slack of a constraint beyond the balances: nothing is expected of it."""

RANK_TOLERANCE = 1e-7
"""Size of a direction, relative to an orthonormal one, that counts as zero."""

NOT_REDUNDANT = 1e-6
"""Reduction of a measurement's variance by the balances, as a fraction, below which nothing else checks it."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Variances of fluxes given their measurements.

    Attributes:
        variance: Variance of every flux given the composition, shape `[samples, fluxes]` [(mmol/gDW/h)²].
        response: How the reconciled fluxes move with every parameter of the composition, shape
            `[samples, fluxes, parameters]`.
    """

    variance: np.ndarray
    response: np.ndarray


def posterior(basis: np.ndarray, moves: np.ndarray, weights: np.ndarray, growth: np.ndarray) -> Posterior:
    r"""Propagate measurement noise to all fluxes at steady state.

    Fluxes at steady state are $v = N z$, so measurements with weights W leave the variance
    $N (N^T W N)^{-1} N^T$. A step of the composition moves the fluxes by a particular solution, and the measurements
    pull part of that back.

    Args:
        basis: N, orthonormal, shape `[fluxes, nullity]`.
        moves: Fluxes that balance one unit of every parameter at growth 1, shape `[fluxes, parameters]`.
        weights: 1/σ² of every flux, the prior's where it was not measured, shape `[samples, fluxes]`.
        growth: Reconciled growth, shape `[samples]` [1/h].
    """
    information = np.einsum("fi,sf,fj->sij", basis, weights, basis, optimize=True)
    inverse = np.linalg.inv(information)
    variance = np.einsum("fi,sij,fj->sf", basis, inverse, basis, optimize=True)
    step = growth[:, None, None] * moves
    pulled = np.einsum("fi,sf,sfp->sip", basis, weights, step, optimize=True)
    response = step - np.einsum("fi,sij,sjp->sfp", basis, inverse, pulled, optimize=True)
    return Posterior(variance, response)


def measurement_weights(measured: np.ndarray, deviations: np.ndarray, held: np.ndarray | None = None) -> np.ndarray:
    """Weights 1/σ² of measurements, the prior's elsewhere, and a large one where a bound holds a flux."""
    known = ~np.isnan(measured)
    weights = np.where(known, np.where(known, deviations, 1.0) ** -2.0, PRIOR)
    return np.where(held, weights + HELD, weights) if held is not None else weights


def determined_fluxes(basis: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, int]:
    """Which fluxes the known ones determine at steady state, boolean, `[fluxes]`, and the rank of the known ones.

    Args:
        basis: Directions at steady state, shape `[fluxes, directions]`, of about unit size.
        known: Whether a flux is known, shape `[fluxes]`.
    """
    _, size, right = np.linalg.svd(basis[known], full_matrices=False)
    seen = right[size > RANK_TOLERANCE]
    left = basis - (basis @ seen.T) @ seen
    return np.linalg.norm(left, axis=1) < RANK_TOLERANCE, len(seen)


def checked_fluxes(basis: np.ndarray, known: np.ndarray, trusted: np.ndarray) -> np.ndarray:
    """Which known fluxes the other known ones determine too at steady state, boolean, `[fluxes]`.

    A row of orthonormal columns that no other row reaches has a leverage of one. The variance of a measurement does
    not tell: the weak prior of unmeasured fluxes reduces it too.

    Args:
        basis: Directions at steady state, shape `[fluxes, directions]`, of about unit size.
        known: Whether a flux was measured, shape `[fluxes]`.
        trusted: Whether it is known without a measurement, shape `[fluxes]`.
    """
    rows = known | trusted
    left, size, _ = np.linalg.svd(basis[rows], full_matrices=False)
    leverage = np.square(left[:, size > RANK_TOLERANCE]).sum(axis=1)
    checked = np.zeros(len(known), dtype=bool)
    checked[np.flatnonzero(rows)] = leverage < 1.0 - RANK_TOLERANCE
    return np.asarray(checked & known)


def standardised(measured: np.ndarray, fluxes: np.ndarray, deviations: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Residual of every measurement over its own standard deviation; NaN where nothing else checks it.

    Its square is the fall of χ² when the measurement is left out: the measurement test and the generalised
    likelihood ratio agree (Mah & Tamhane 1982, doi 10.1002/aic.690280519; Narasimhan & Mah 1987,
    doi 10.1002/aic.690330908).
    """
    spread = np.square(deviations) - variance
    checked = spread > NOT_REDUNDANT * np.square(deviations)
    return np.where(checked, (measured - fluxes) / np.sqrt(np.where(checked, spread, 1.0)), np.nan)
