"""Split samples into training and test samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError, unknown_name


def random_split(samples: int, test_fraction: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw the positions of training and test samples without replacement; both are sorted.

    Args:
        samples: Number of samples, at least 2.
        test_fraction: Share of test samples; at least one sample stays on either side.
        seed: Seed of the draw.

    Raises:
        InputError: There are fewer than two samples, or the share is outside (0, 1).

    >>> train, test = random_split(10, 0.3, seed=1)
    >>> len(train), len(test)
    (7, 3)
    """
    if samples < 2:
        raise InputError(f"`samples` is {samples}; expected at least 2, one to train and one to test")
    if not 0.0 < test_fraction < 1.0:
        raise InputError(f"`test_fraction` is {test_fraction}; expected a number between 0 and 1")
    tests = min(max(round(samples * test_fraction), 1), samples - 1)
    order = np.random.default_rng(seed).permutation(samples)
    return np.sort(order[tests:]), np.sort(order[:tests])


def range_split(media: pd.DataFrame, column: str, threshold: float | int) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the media below a threshold, to train on, and of the rest, to test extrapolation.

    Args:
        media: One row for every medium.
        column: The exchange to compare with the threshold.
        threshold: Train on media with a smaller uptake, test on the rest [mmol/gDW/h].

    Raises:
        TableError: There is no such column, or one side is empty.

    >>> train, test = range_split(pd.DataFrame({"EX_glc__D_e": [1.0, 5.0, 2.0]}), "EX_glc__D_e", 3.0)
    >>> train.tolist(), test.tolist()
    ([0, 2], [1])
    """
    if column not in media.columns:
        raise TableError("`column`: " + unknown_name(column, map(str, media.columns), "column of the media"))
    values = media[column].to_numpy(dtype=np.float64)
    below = values < threshold
    if below.all() or not below.any():
        raise TableError(
            f"`threshold` {threshold:g} leaves one side of the split empty; {column!r} runs from {values.min():g} "
            f"to {values.max():g}"
        )
    return np.flatnonzero(below), np.flatnonzero(~below)
