"""Find the measurement most likely in gross error, by standardised residuals and χ²."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation.linear_model import standardised

SURE = 3.0
"""Number of standard deviations within which two values agree, and beyond which they do not."""


@dataclass(frozen=True, eq=False)
class GrossErrors:
    """How well the measurements of every sample agree.

    Attributes:
        reactions: Boundary reactions, one a column.
        residuals: Standardised residuals, NaN where nothing checks a measurement, shape `[samples, boundary]`.
        drops: Fall of χ² when a measurement is left out but keeps its sign, or has it turned, the same shape.
        measured: Measurements, NaN where there is none, the same shape.
        others: What the other measurements predict; NaN where nothing checks a measurement, the same shape.
        others_std: Its standard deviation, the same shape.
        flipped: Whether the others predict the measurement with the other sign, boolean, the same shape.
        chi_squared: Sum of the weighted squares of all residuals, shape `[samples]`.
        freedom: Redundant measurements: how many could be left out and still be predicted, shape `[samples]`.
        p_value: Probability of a χ² at least as large; NaN where nothing is redundant.
        suspect: The measurement most likely in gross error; "" where nothing checks any.
        suspect_p: Probability that the largest deviation of a sample without gross errors is at least as large.
    """

    reactions: tuple[str, ...]
    residuals: np.ndarray
    drops: np.ndarray
    measured: np.ndarray
    others: np.ndarray
    others_std: np.ndarray
    flipped: np.ndarray
    chi_squared: np.ndarray
    freedom: np.ndarray
    p_value: np.ndarray
    suspect: tuple[str, ...]
    suspect_p: np.ndarray

    def note(self, row: int) -> str:
        """Say what the suspect of a sample measures, and what the others predict in its place."""
        if not self.suspect[row]:
            return ""
        name, column = self.suspect[row], self.reactions.index(self.suspect[row])
        measured, others, std = (array[row, column] for array in (self.measured, self.others, self.others_std))
        sign = "; the sign?" if self.flipped[row, column] else ""
        return f"{name}: {measured:.3g} measured, {others:.3g} ± {std:.2g} from the others{sign}"


def gross_errors(
    reactions: Sequence[str],
    measured: np.ndarray,
    fluxes: np.ndarray,
    deviations: np.ndarray,
    variance: np.ndarray,
    freedom: np.ndarray,
    checked: np.ndarray | None = None,
) -> GrossErrors:
    """Test every measurement of every sample.

    The suspect is the measurement without which χ² falls most (serial elimination, Narasimhan & Mah 1987, doi
    10.1002/aic.690330908). A wrong unit, dilution or calibration does not turn an uptake into a production: where the
    other measurements predict the opposite sign, the fall of χ² is reduced by the misfit that remains at zero. But
    where they predict the same rate with the other sign, the sign is the error.

    Args:
        reactions: Names of the columns.
        measured: Measurements, NaN where there is none, shape `[samples, boundary]` [mmol/gDW/h].
        fluxes: Reconciled fluxes, the same shape.
        deviations: Standard deviations of the measurements.
        variance: Variances of the reconciled fluxes.
        freedom: Redundant measurements of every sample, shape `[samples]`.
        checked: Whether the others determine a measurement too, boolean, shape `[samples, boundary]`; by default
            wherever they reduce its variance.
    """
    known = ~np.isnan(measured) & ~np.isnan(fluxes)
    centre, std = np.where(known, measured, 0.0), np.where(known, deviations, 1.0)
    value = np.where(known, fluxes, 0.0)
    tested = known if checked is None else known & checked
    residuals = np.where(tested, standardised(centre, value, std, variance), np.nan)
    tested = ~np.isnan(residuals)
    drops = np.where(tested, np.square(residuals), -np.inf)
    # Without its measurement, a flux has variance σ²C / (σ² − C) around the value that the others predict.
    left = np.where(tested, np.square(std) - variance, 1.0)
    others = centre - (centre - value) * np.square(std) / left
    spread = np.square(std) * np.maximum(variance, 1e-300) / left
    both = SURE * np.sqrt(np.square(std) + spread)
    flipped = tested & (np.abs(others + centre) < both) & (np.abs(others - centre) > both)
    flipped &= (np.abs(centre) > SURE * std) & (np.abs(others) > SURE * np.sqrt(spread))
    turned = tested & (others * centre < 0) & ~flipped
    drops -= np.where(turned, np.square(others) / spread, 0.0)
    misfits = np.where(known, np.square((centre - value) / std), 0.0).sum(axis=1)
    chi = np.where(np.isnan(fluxes).any(axis=1), np.nan, misfits)
    p_value = np.where(freedom > 0, scipy.stats.chi2.sf(chi, np.maximum(freedom, 1)), np.nan)
    rest, rest_std = (np.where(tested, array, np.nan) for array in (others, np.sqrt(spread)))
    tests = _suspects(reactions, drops, freedom)
    names = tuple(reactions)
    return GrossErrors(names, residuals, drops, measured, rest, rest_std, flipped, chi, freedom, p_value, *tests)


def _suspects(reactions: Sequence[str], drops: np.ndarray, freedom: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """The measurement of every sample without which χ² falls most, and the probability of such a fall by chance."""
    best = drops.argmax(axis=1)
    top = drops[np.arange(len(best)), best]
    found = np.isfinite(top) & (freedom > 0)
    count = np.maximum(np.isfinite(drops).sum(axis=1), 1)
    single = scipy.stats.chi2.sf(np.maximum(top, 0.0), 1)
    suspect = tuple(reactions[position] if ok else "" for position, ok in zip(best, found, strict=True))
    return suspect, np.where(found, np.minimum(1.0, single * count), np.nan)
