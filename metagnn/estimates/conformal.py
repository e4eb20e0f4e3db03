"""Conformal calibration: how many deviations wide an interval must be, for rows of seen groups and of unseen ones."""

from __future__ import annotations

import math

import numpy as np

from metagnn.errors import InputError

LEAST_GROUPS = 2
"""Groups that a scale for unseen ones is calibrated on at least."""


def calibrate(
    residuals: np.ndarray, deviation: np.ndarray, level: float, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return the half-width of an interval, in deviations of a row, for every target, shape `[targets]`.

    Without groups, for rows like those given: if a new row is exchangeable with them, its interval holds the
    observation with a probability of at least `level`, whatever the deviations are worth (Lei et al. 2018, doi
    10.1080/01621459.2017.1307116). That is a mean over rows: those of one kind may be covered less.

    With groups, for rows of a group that is not among them, such as a carbon source never seen. Residuals must then be
    those of whole groups left out, and groups count alike. If a new group is exchangeable with those given and there
    are at least level / (1 − level) of them, nine at a level of .9, the same holds (Lee, Barber and Willett 2023, doi
    10.48550/arXiv.2306.06342). With fewer no method can promise that without assumptions: the scale is then that of the
    pooled scores, and promises its level on average over groups that differ no more than those given.

    Args:
        residuals: Observation minus estimate, of rows that the estimate did not see, shape `[samples, targets]`; NaN
            for gaps.
        deviation: How uncertain the estimate was, > 0, the same shape.
        level: Probability that an interval is to have, between 0 and 1.
        groups: Group of every row, shape `[samples]`; None for rows that are exchangeable.

    Raises:
        InputError: A level that is no probability, arrays that do not fit, too few rows or groups.
    """
    check_level(level)
    residuals, deviation = np.asarray(residuals, dtype=np.float64), np.asarray(deviation, dtype=np.float64)
    if residuals.ndim != 2 or residuals.shape != deviation.shape:
        raise InputError(
            f"`residuals` has shape {residuals.shape} and `deviation` {deviation.shape}; expected [samples, targets]"
        )
    if groups is not None and np.shape(groups) != (len(residuals),):
        raise InputError(f"`groups` has shape {np.shape(groups)}; expected one for each of {len(residuals)} rows")
    held = ~np.isnan(residuals)
    if not (deviation[held] > 0).all():
        raise InputError("`deviation` holds a number that is not above 0; expected a positive one for every residual")
    scales = []
    for target, known in enumerate(held.T):
        scores = np.abs(residuals[known, target]) / deviation[known, target]
        check_rows(len(scores), level)
        scales.append(
            _of_rows(scores, level) if groups is None else _of_groups(scores, np.asarray(groups)[known], level)
        )
    return np.array(scales)


def least_rows(level: float) -> int:
    """Return how many rows a level needs at least: nine for .9."""
    return math.ceil(level / (1.0 - level) - 1e-9)


def check_level(level: float) -> None:
    """Raise `InputError` unless a level lies between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise InputError(f"`level` is {level!r}; expected a probability between 0 and 1, such as 0.9")


def check_rows(rows: int, level: float) -> None:
    """Raise `InputError` where there are too few rows for a level."""
    if rows < least_rows(level):
        raise InputError(
            f"{rows} observed rows cannot calibrate intervals at level {level:g}; expected at least "
            f"{least_rows(level)}: measure more, or ask for a lower level"
        )


def _of_rows(scores: np.ndarray, level: float) -> float:
    rank = math.ceil((len(scores) + 1) * level - 1e-9)
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def _of_groups(scores: np.ndarray, groups: np.ndarray, level: float) -> float:
    """Quantile of the scores, every group with the same weight; the new group has one too where there are enough."""
    _, code, size = np.unique(groups, return_inverse=True, return_counts=True)
    if len(size) < LEAST_GROUPS:
        raise InputError(
            f"`groups` holds {len(size)} group; intervals for a new one are calibrated on at least {LEAST_GROUPS}: "
            "give groups, such as the carbon source of every medium, or measure another"
        )
    enough = len(size) + 1 >= 1.0 / (1.0 - level) - 1e-9
    weight = 1.0 / size[code.reshape(-1)] / (len(size) + enough)
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weight[order]) >= level - 1e-9
    return float(scores[order][np.argmax(reached)] if reached.any() else scores.max())
