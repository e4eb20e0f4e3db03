"""Errors of estimates by row, and the average that leaves the least of them."""

from __future__ import annotations

import numpy as np

MOST_MEMBERS = 4
"""Largest number of estimates in an average."""


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


def average_weights(guesses: np.ndarray, observed: np.ndarray, relative: bool) -> np.ndarray:
    """Return the share of every candidate in the average, shape `[candidates]`.

    The best candidate is joined, one by one, by whichever lowers the error of the plain average most, while it lowers
    it. Equal parts are robust where rows are few: no coefficient is fitted.

    Args:
        guesses: What every candidate says of rows that it did not see, shape `[candidates, samples, targets]`.
        observed: Targets, NaN for gaps.
        relative: As for `row_errors`.
    """
    members: list[int] = []
    best = np.inf
    while len(members) < min(MOST_MEMBERS, len(guesses)):
        others = [index for index in range(len(guesses)) if index not in members]
        scores = [
            np.nanmean(row_errors(guesses[[*members, other]].mean(axis=0), observed, relative)) for other in others
        ]
        if not np.min(scores) < 0.995 * best and members:
            break
        best = float(np.min(scores))
        members.append(others[int(np.argmin(scores))])
    weights = np.zeros(len(guesses))
    weights[members] = 1.0 / max(len(members), 1)
    return weights
