"""The interval of a content of biomass: one definition for everything that fits alpha, beta or γ."""

from __future__ import annotations

import numpy as np

QUANTILE = 1.6449
"""Standard normal quantile of the two-sided 90 % interval."""

UNDETERMINED = 0.5
"""Relative standard error from which a content counts as not determined: the interval would span a factor of five."""

Interval = tuple[float, float]


def content_interval(content: float, relative_error: float) -> tuple[float, Interval]:
    """A positive quantity with its 90 % interval, or NaN and (0, inf) where the data do not determine it.

    The interval is that of a log-normal: the content divided and multiplied by exp(1.6449 · relative error). It stays
    positive, and for small errors it is the symmetric one, content ± 1.6449 standard errors, to first order. A
    content counts as determined if it is positive and its relative standard error is below 0.5.

    Args:
        content: The estimate.
        relative_error: Its standard error over itself, which is the standard error of its logarithm to first order.

    Returns:
        The content and the ends of its interval.

    >>> value, (low, high) = content_interval(40.0, 0.05)
    >>> round(low, 1), round(high, 1)
    (36.8, 43.4)
    >>> content_interval(40.0, 0.5)
    (nan, (0.0, inf))
    """
    if not (content > 0 and relative_error < UNDETERMINED):
        return float("nan"), (0.0, float("inf"))
    factor = np.exp(QUANTILE * relative_error)
    return float(content), (float(content / factor), float(content * factor))
