"""How much of a graph network's prediction to take beside a simple estimate: found on samples that neither saw."""

from __future__ import annotations

import numpy as np

STRENGTHS = np.array([np.inf, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0])
"""Strengths of the pull of every flux's own share to the common one, in samples; infinite leaves the common one."""

NEEDED = 0.98
"""Share of the simple estimate's error that the average must come below, so that noise alone does not choose it."""


def fit_shares(simple: np.ndarray, learned: np.ndarray, observed: np.ndarray, folds: np.ndarray) -> np.ndarray:
    r"""Shares $c_r$ of the average $s_r + c_r (g_r - s_r)$ of two predictions of every flux, shape `[fluxes]`.

    $c_r \sim N(c, \tau^2)$: every flux has a share of its own, pulled to the common one by a prior whose width is
    chosen by leaving folds out (James and Stein 1961; Efron and Morris 1973, doi 10.1080/01621459.1973.10481350). All
    are zero unless the average then has a smaller error than the simple estimate.

    Args:
        simple: Simple estimate of samples that it did not see, in units of the spread, shape `[samples, fluxes]`.
        learned: What the graph network says of samples that it did not see, the same.
        observed: What was observed, NaN for a gap, the same.
        folds: Fold of every sample, shape `[samples]`; NaN in a prediction leaves a sample out.
    """
    usable = ~np.isnan(observed) & ~np.isnan(simple) & ~np.isnan(learned)
    step = np.where(usable, learned - simple, 0.0)
    wanted = np.where(usable, observed - simple, 0.0)
    before = np.square(wanted).sum()
    if not before:
        return np.zeros(observed.shape[1])
    errors = [_left_out_error(step, wanted, folds, strength) for strength in STRENGTHS]
    best = int(np.argmin(errors))
    if np.sqrt(errors[best] / before) >= NEEDED:
        return np.zeros(observed.shape[1])
    return _shares(step, wanted, STRENGTHS[best])


def _shares(step: np.ndarray, wanted: np.ndarray, strength: float) -> np.ndarray:
    square, product = np.square(step).sum(axis=0), (step * wanted).sum(axis=0)
    total = square.sum()
    common = np.clip(product.sum() / total, 0.0, 1.0) if total > 0 else 0.0
    if np.isinf(strength):
        return np.full(step.shape[1], common)
    # In units of what a typical flux adds per sample, so that a strength is a number of samples.
    pull = strength * max(total / step.size, 1e-300)
    shares: np.ndarray = np.clip((product + pull * common) / (square + pull), 0.0, 1.0)
    return shares


def _left_out_error(step: np.ndarray, wanted: np.ndarray, folds: np.ndarray, strength: float) -> float:
    error = 0.0
    for fold in np.unique(folds):
        out = folds == fold
        shares = _shares(step[~out], wanted[~out], strength)
        error += np.square(wanted[out] - shares * step[out]).sum()
    return float(error)
