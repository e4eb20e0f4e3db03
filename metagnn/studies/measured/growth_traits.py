"""Traits of growth curves: final log OD, largest rate, lag."""

from __future__ import annotations

import numpy as np
import pandas as pd

WINDOW = 4
"""Successive points that a rate is the slope of."""


def growth_traits(times: np.ndarray, log_od: np.ndarray) -> pd.DataFrame:
    """Compute the traits of every curve.

    `final_log_od` is the last value. `largest_rate` is the largest slope of a straight line through four successive
    points [1/h]. `lag` is the time at which the line of the largest rate has the first value of the curve (Zwietering
    et al. 1990, doi 10.1128/aem.56.6.1875-1881.1990), cut to the time that was measured [h].

    Args:
        times: When was measured, shape `[curves, times]` [h].
        log_od: Natural logarithms of the optical density, the same shape.

    >>> times = np.arange(6.0)[None, :]
    >>> growth_traits(times, np.maximum(times - 2.0, 0.0) * 0.5).round(2).values.tolist()
    [[1.5, 0.5, 2.0]]
    """
    hours = np.lib.stride_tricks.sliding_window_view(times, WINDOW, axis=1)
    values = np.lib.stride_tricks.sliding_window_view(log_od, WINDOW, axis=1)
    middle_hour, middle = hours.mean(axis=-1), values.mean(axis=-1)
    centred = hours - middle_hour[..., None]
    slopes = (centred * values).sum(axis=-1) / np.square(centred).sum(axis=-1)
    rows, best = np.arange(len(slopes)), slopes.argmax(axis=1)
    rate = slopes[rows, best]
    reached = middle_hour[rows, best] - (middle[rows, best] - log_od[:, 0]) / np.maximum(rate, 1e-6)
    lag = np.clip(reached, times[:, 0], times[:, -1])
    return pd.DataFrame({"final_log_od": log_od[:, -1], "largest_rate": rate, "lag": lag})
