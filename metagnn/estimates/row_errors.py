"""Errors of estimates by row, and the average that leaves the least of them."""

from __future__ import annotations

import numpy as np


def row_errors(guess: np.ndarray, observed: np.ndarray, relative: bool) -> np.ndarray:
    """Return the error of every row, shape `[..., samples]`; NaN where nothing was observed.

    Args:
        guess: Estimates, shape `[..., samples, targets]`.
        observed: Targets, NaN for gaps, shape `[samples, targets]`.
        relative: Whether a row's error is relative to the norm of its own targets; if not, every target is relative to
            its standard deviation over the rows.
    """
    held = ~np.isnan(observed)
    values = np.where(held, observed, 0.0)
    if relative:
        norm = np.sqrt((values**2).sum(axis=1))
        # A row without flux would count without limit.
        least = 0.05 * np.median(norm[norm > 0]) if norm.any() else 1.0
        scale, share = np.maximum(norm, least)[:, None], np.ones(len(observed))
    else:
        total = np.maximum(held.sum(axis=0), 1)
        centre = values.sum(axis=0) / total
        spread = np.sqrt(np.where(held, (values - centre) ** 2, 0.0).sum(axis=0) / total)
        scale = np.where(spread > 1e-6 * np.abs(centre), spread, np.maximum(np.abs(centre), 1e-12))
        share = np.maximum(held.sum(axis=1), 1)
    square = np.where(held, ((np.nan_to_num(guess) - values) / scale) ** 2, 0.0).sum(axis=-1) / share
    errors: np.ndarray = np.where(held.any(axis=1), np.sqrt(square), np.nan)
    return errors
