"""Find the measurement most likely in gross error, by standardised residuals and χ²."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation.linear_model import standardised


@dataclass(frozen=True, eq=False)
class GrossErrors:
    """How well the measurements of every sample agree.

    Attributes:
        reactions: Boundary reactions, one a column.
        residuals: Standardised residuals, NaN where nothing checks a measurement, shape `[samples, boundary]`.
        drops: Fall of χ² when a measurement is left out but keeps its sign, the same shape.
        chi_squared: Sum of the weighted squares of all residuals, shape `[samples]`.
        freedom: Redundant measurements: how many could be left out and still be predicted, shape `[samples]`.
        p_value: Probability of a χ² at least as large; NaN where nothing is redundant.
        suspect: The measurement most likely in gross error; "" where nothing checks any.
        suspect_p: Probability that the largest deviation of a sample without gross errors is at least as large.
    """

    reactions: tuple[str, ...]
    residuals: np.ndarray
    drops: np.ndarray
    chi_squared: np.ndarray
    freedom: np.ndarray
    p_value: np.ndarray
    suspect: tuple[str, ...]
    suspect_p: np.ndarray


def gross_errors(
    reactions: Sequence[str],
    measured: np.ndarray,
    fluxes: np.ndarray,
    deviations: np.ndarray,
    variance: np.ndarray,
    freedom: np.ndarray,
) -> GrossErrors:
    """Test every measurement of every sample.

    The suspect is the measurement without which χ² falls most (serial elimination, Narasimhan & Mah 1987, doi
    10.1002/aic.690330908). A wrong unit, dilution or calibration does not turn an uptake into a production: where the
    other measurements predict the opposite sign, the fall of χ² is reduced by the misfit that remains at zero.

    Args:
        reactions: Names of the columns.
        measured: Measurements, NaN where there is none, shape `[samples, boundary]` [mmol/gDW/h].
        fluxes: Reconciled fluxes, the same shape.
        deviations: Standard deviations of the measurements.
        variance: Variances of the reconciled fluxes.
        freedom: Redundant measurements of every sample, shape `[samples]`.
    """
    known = ~np.isnan(measured) & ~np.isnan(fluxes)
    centre, std = np.where(known, measured, 0.0), np.where(known, deviations, 1.0)
    residuals = np.where(known, standardised(centre, np.where(known, fluxes, 0.0), std, variance), np.nan)
    drops = np.nan_to_num(np.square(residuals))
    # Without its measurement, a flux has variance σ²C / (σ² − C) around the value that the others predict.
    left = np.where(np.isnan(residuals), 1.0, np.square(std) - variance)
    others = centre - (centre - np.where(known, fluxes, 0.0)) * np.square(std) / left
    turned = known & (others * centre < 0)
    drops -= np.where(turned, np.square(others) * left / (np.square(std) * np.maximum(variance, 1e-300)), 0.0)
    drops = np.where(np.isnan(residuals), -np.inf, drops)
    chi = np.where(known, np.square((centre - np.where(known, fluxes, 0.0)) / std), 0.0).sum(axis=1)
    lost = np.isnan(fluxes).any(axis=1)
    chi = np.where(lost, np.nan, chi)
    p_value = np.where(freedom > 0, scipy.stats.chi2.sf(chi, np.maximum(freedom, 1)), np.nan)
    best = drops.argmax(axis=1)
    top = drops[np.arange(len(best)), best]
    checked = np.isfinite(top) & (freedom > 0)
    count = np.maximum(np.isfinite(drops).sum(axis=1), 1)
    single = scipy.stats.chi2.sf(np.maximum(top, 0.0), 1)
    suspect = tuple(reactions[position] if ok else "" for position, ok in zip(best, checked, strict=True))
    suspect_p = np.where(checked, np.minimum(1.0, single * count), np.nan)
    return GrossErrors(tuple(reactions), residuals, drops, chi, freedom, p_value, suspect, suspect_p)
