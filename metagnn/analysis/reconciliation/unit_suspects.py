"""Find columns that look wrong by a factor: grams taken for milligrams, O2 counted as O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats

from metagnn.analysis.reconciliation.composition_fit import GAMMA_NOISE, own_contents, pooled_fit
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.nn.biomass_column import CONTENTS

FACTORS = {
    1000.0: "a unit a thousand times too small",
    0.001: "a unit a thousand times too large",
    2.0: "twice the rate (atoms counted for molecules?)",
    0.5: "half the rate (molecules counted for atoms?)",
    60.0: "per minute and not per hour",
    1 / 60: "per hour and not per minute",
}
"""Factors by which a column may be wrong, and what each may mean."""

CARBON_NOISE, NITROGEN_NOISE = 0.12, 0.5
"""Relative spread of carbon and nitrogen in biomass, between organisms and between models of one organism: the core
model of E. coli has a tenth more carbon than most analyses, and half of the nitrogen of iJO1366."""

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


def unit_suspects(exchange_laws: ExchangeLaws, measured: np.ndarray, deviations: np.ndarray) -> tuple[UnitSuspect, ...]:
    """Find columns that look wrong by a factor, the likeliest first; none where the rows close as they are.

    Tests the element balances of the raw rates with a biomass that may differ from the network's own as much as
    organisms do. A composition fitted to wrong rates would hide them.

    Args:
        exchange_laws: Laws with an elemental composition.
        measured: Measured boundary fluxes, NaN where nothing was measured, shape `[samples, boundary]` [mmol/gDW/h].
        deviations: Their standard deviations, the same shape.
    """
    if exchange_laws.changes.shape[1] != len(CONTENTS):
        return ()
    rates, std = measured[:MOST_ROWS], deviations[:MOST_ROWS]
    contents = np.array(own_contents(exchange_laws))
    alpha, beta, electrons = contents
    along = np.array([-electrons / alpha, 0.0, 1.0])
    precision = np.diag([(CARBON_NOISE * alpha) ** -2, (NITROGEN_NOISE * beta) ** -2, 0.0])
    precision = precision + np.outer(along, along) / (GAMMA_NOISE * electrons) ** 2
    deviation = np.sqrt(np.diag(np.linalg.inv(precision)))

    def misfit(factor: np.ndarray) -> float:
        found = pooled_fit(
            exchange_laws, rates / factor, std / factor, np.zeros(len(CONTENTS)), lambda theta: precision
        )
        believed = scipy.stats.chi2.isf(SUSPICIOUS, np.maximum(found.freedom, 1))
        rows = np.median((found.chi_squared / believed)[found.freedom > 0]) if (found.freedom > 0).any() else 0.0
        distance = np.square(found.theta / deviation).max() / scipy.stats.chi2.isf(SUSPICIOUS, 1)
        return float(max(rows, distance))

    raw = misfit(np.ones(rates.shape[1]))
    if raw < 1.0:
        return ()
    found = []
    for position in np.flatnonzero(~np.isnan(rates).all(axis=0)):
        for factor, meaning in FACTORS.items():
            scale = np.ones(rates.shape[1])
            scale[position] = factor
            corrected = misfit(scale)
            if corrected < FITTING:
                found.append(UnitSuspect(exchange_laws.names[position], factor, meaning, raw, corrected))
    return tuple(sorted(found, key=lambda suspect: suspect.corrected))
