"""How far samples lie outside the training samples."""

from __future__ import annotations

import numpy as np

from metagnn.estimates.known_samples import KnownSamples

FAR = 0.5
"""Distance beyond the range of a column, relative to this range, from which on a sample counts as outside."""


def outside_share(train: KnownSamples, known: KnownSamples) -> np.ndarray:
    """Return 0 for samples within the range of every column, 1 for those far outside of one, shape `[samples]`.

    The columns are inputs, size and features. Any other value of a column that is constant in training is outside.

    Args:
        train: The training samples.
        known: The samples to place.
    """
    share = np.zeros(len(known))
    for seen, values in zip(_columns(train), _columns(known), strict=True):
        # A gap is neither inside nor outside.
        held = seen[~np.isnan(seen)]
        if not len(held):
            continue
        low, high = held.min(), held.max()
        beyond = np.nan_to_num(np.maximum(np.maximum(low - values, values - high), 0.0))
        width = max(high - low, 1e-9 * max(abs(low), abs(high), 1.0))
        share = np.maximum(share, np.minimum(beyond / (FAR * width), 1.0))
    return share


def _columns(known: KnownSamples) -> np.ndarray:
    return np.concatenate([known.inputs, known.size[:, None], known.features], axis=1).T
