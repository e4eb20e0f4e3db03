"""Find columns that look wrong by a factor: grams taken for milligrams, O2 counted as O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation.composition_fit import pooled_fit
from metagnn.analysis.reconciliation.composition_prior import CompositionPrior
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.nn.biomass_column import CONTENTS

TURNED = -1.0

FACTORS = {
    1000.0: "a unit a thousand times too small",
    0.001: "a unit a thousand times too large",
    2.0: "twice the rate (atoms counted for molecules?)",
    0.5: "half the rate (molecules counted for atoms?)",
    60.0: "per minute and not per hour",
    1 / 60: "per hour and not per minute",
    TURNED: "the opposite sign (uptake is below zero, secretion above)",
}
"""Factors by which a column may be wrong, and what each may mean."""

SUSPICIOUS = 0.01
"""Probability below which the misfit of the rows, or their composition, counts as implausible."""

FITTING = 0.5
"""Misfit, relative to the largest plausible one, below which a factor explains it."""

MOST_ROWS = 300
"""Number of rows that are checked."""


@dataclass(frozen=True)
class UnitSuspect:
    """A column that closes the balances once it is divided by a factor.

    Attributes:
        reaction: The reaction that it measures.
        factor: The factor.
        meaning: What the factor may mean.
        misfit: Misfit of the rows, or of the composition that fits them, relative to the largest plausible one
            (p = .01).
        corrected: The same after the correction.
    """

    reaction: str
    factor: float
    meaning: str
    misfit: float
    corrected: float


def unit_suspects(
    exchange_laws: ExchangeLaws, measured: np.ndarray, deviations: np.ndarray, prior: CompositionPrior
) -> tuple[UnitSuspect, ...]:
    """Find columns that look wrong by a factor, the likeliest first; none where the rows close as they are.

    Tests the element balances of the raw rates with a biomass that is one of cells. A composition fitted to wrong rates
    would hide them.

    Args:
        exchange_laws: Laws with an elemental composition.
        measured: Measured boundary fluxes, NaN where nothing was measured, shape `[samples, boundary]` [mmol/gDW/h].
        deviations: Their standard deviations, the same shape.
        prior: What cells are made of.
    """
    if exchange_laws.changes.shape[1] != len(CONTENTS):
        return ()
    rates, std = measured[:MOST_ROWS], deviations[:MOST_ROWS]

    def misfit(factor: np.ndarray) -> float:
        found = pooled_fit(exchange_laws, rates / factor, std / np.abs(factor), prior)
        believed = scipy.stats.chi2.isf(SUSPICIOUS, np.maximum(found.freedom, 1))
        rows = np.median((found.chi_squared / believed)[found.freedom > 0]) if (found.freedom > 0).any() else 0.0
        distance = prior.misfits(found.theta).max() / scipy.stats.chi2.isf(SUSPICIOUS, 1)
        return float(max(rows, distance))

    raw = misfit(np.ones(rates.shape[1]))
    if raw < 1.0:
        return ()
    found = []
    for position in np.flatnonzero((np.nan_to_num(rates) != 0).any(axis=0)):
        for factor, meaning in FACTORS.items():
            scale = np.ones(rates.shape[1])
            scale[position] = factor
            corrected = misfit(scale)
            if corrected < FITTING:
                found.append(UnitSuspect(exchange_laws.names[position], factor, meaning, raw, corrected))
    return tuple(sorted(found, key=lambda suspect: suspect.corrected))
