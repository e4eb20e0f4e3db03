"""Intervals of traits: the deviation of a medium times a scale calibrated on media left out."""

from __future__ import annotations

import numpy as np

from metagnn.estimates.conformal import calibrate
from metagnn.estimates.estimate import Guess
from metagnn.estimates.media_estimate import INSIDE, OUTSIDE
from metagnn.estimates.media_samples import MediaSamples
from metagnn.estimates.media_traits import MediaTraits

FLOOR = 0.1
"""Smallest deviation of a medium with something new, relative to the usual error on groups left out."""


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
            residuals = fitted.estimate.observed - part.mean
            # Inside, estimates know less of their error than what is usual; outside, they know most of it.
            usual = np.sqrt(np.nanmean(residuals**2, axis=0)) * (1.0 if kind == INSIDE else FLOOR)
            usual = np.maximum(usual, 1e-12)
            groups = fitted.groups if kind == OUTSIDE else None
            scale = calibrate(residuals, np.hypot(part.deviation, usual), level, groups)
            width[rows] = np.hypot(guess.deviation[rows], usual) * scale
    return width
