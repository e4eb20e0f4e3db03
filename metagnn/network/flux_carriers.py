"""Find which of some reactions can carry flux at steady state."""

from __future__ import annotations

import numpy as np
import scipy.optimize
import scipy.sparse

SMALLEST = 1e-6
"""Flux below which a reaction counts as blocked, where no flux exceeds 1: less is rounding of coefficients."""


def flux_carriers(
    matrix: scipy.sparse.sparray, backward: np.ndarray, forward: np.ndarray, candidates: np.ndarray
) -> np.ndarray:
    """Return candidates that can carry flux: none if there are none, else at least one of them.

    Two linear programs, a second at genome scale: maximise and minimise a combination of the candidates' fluxes with
    arbitrary coefficients. Both are zero if all are blocked, and only then.

    Args:
        matrix: S, sparse, shape `[metabolites, reactions]`.
        backward: Whether a flux can be negative, boolean, shape `[reactions]`.
        forward: Whether it can be positive, the same shape.
        candidates: Reactions in question, boolean, shape `[reactions]`.

    Returns:
        Those that carry flux in either solution, boolean, shape `[reactions]`.
    """
    # Coefficients that no stoichiometry cancels.
    cost = np.zeros(len(candidates))
    cost[candidates] = np.random.default_rng(0).uniform(0.5, 1.0, int(candidates.sum()))
    carrying = np.zeros(len(candidates), dtype=bool)
    for direction in (cost, -cost):
        answer = scipy.optimize.linprog(
            direction,
            A_eq=scipy.sparse.csc_array(matrix),
            b_eq=np.zeros(matrix.shape[0]),
            bounds=np.column_stack([np.where(backward, -1.0, 0.0), np.where(forward, 1.0, 0.0)]),
            method="highs",
        )
        # Without an answer, assume the worst.
        fluxes = answer.x if answer.x is not None else np.ones(len(candidates))
        carrying |= np.abs(fluxes) > SMALLEST
    return candidates & carrying
