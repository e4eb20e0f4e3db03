"""Intervals of traits: the deviation of a medium times a scale calibrated on media left out."""

from __future__ import annotations

import numpy as np

from metagnn.estimates.conformal import calibrate
from metagnn.estimates.estimate import Guess
from metagnn.estimates.media_estimate import INSIDE, OUTSIDE
from metagnn.estimates.media_samples import MediaSamples
from metagnn.estimates.media_traits import MediaTraits


def interval_widths(
    fitted: MediaTraits, samples: MediaSamples, guess: Guess, outside: np.ndarray, level: float
) -> np.ndarray:
    """Return half-widths, shape `[samples, traits]`.

    Args:
        fitted: What was learned.
        samples: Media.
        guess: What is predicted of them.
        outside: Which of them have something that no training medium had, boolean, shape `[samples]`.
        level: Probability of an interval.

    Raises:
        InputError: A level that is no probability, or too few training media or groups for it.
    """
    width = np.zeros(guess.mean.shape)
    for kind, rows in ((INSIDE, ~outside), (OUTSIDE, outside)):
        if rows.any():
            part = fitted.estimate.left_out[kind]
            groups = fitted.groups if kind == OUTSIDE else None
            residuals = fitted.estimate.observed - part.mean
            width[rows] = guess.deviation[rows] * calibrate(residuals, part.deviation, level, groups)
    return width
