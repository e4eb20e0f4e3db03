"""Violations of steady state and of bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCE = 1e-8
"""Largest |S v| and violation of a bound that a label may have [mmol/gDW/h]."""


def law_errors(matrix: Any, fluxes: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest |S v| and the largest violation of a bound of every sample; NaN if its fluxes are.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        fluxes: Shape `[samples, reactions]` [mmol/gDW/h].
        lower: Lower bounds, the same shape.
        upper: Upper bounds, the same shape.

    Returns:
        Two arrays of shape `[samples]` [mmol/gDW/h], both ≥ 0.
    """
    imbalance: np.ndarray = np.abs(matrix @ fluxes.T).max(axis=0, initial=0.0)
    violation: np.ndarray = np.maximum(lower - fluxes, fluxes - upper).max(axis=1, initial=0.0)
    return imbalance, violation


def fail_violations(matrix: Any, fluxes: np.ndarray, status: list[str], lower: np.ndarray, upper: np.ndarray) -> None:
    """Mark labels that violate steady state or a bound as failed, in place, whatever the solver reports.

    Args:
        matrix: S, shape `[metabolites, reactions]`, scipy sparse.
        fluxes: Shape `[samples, reactions]` [mmol/gDW/h]; NaN afterwards where a label failed.
        status: One for every sample.
        lower: Lower bounds, shape as the fluxes.
        upper: Upper bounds, the same shape.
    """
    worst = np.maximum(*law_errors(matrix, fluxes, lower, upper))
    for row in np.flatnonzero(worst > TOLERANCE):
        status[row] = f"failed: residual {worst[row]:.1e} mmol/gDW/h"
        fluxes[row] = np.nan
