"""CurveShape: growth curves as a few traits that a regressor can predict, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.errors import InputError

LEVELS = np.array([0.03, 0.08, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.92, 0.97])
"""Parts of its rise at which the time of a curve is taken."""

COMPONENTS = 4
"""Principal components of times, and of what a curve loses after its maximum."""


@dataclass(frozen=True, eq=False)
class CurveShape:
    """Curves by first value, maximum, the times at which they rise and what they lose afterwards.

    Faster cultures have the same curve sooner: their times differ by a factor, their values by a pattern that depends
    on when they were measured. So times are easier to predict, and to extrapolate.

    Attributes:
        times: Times of measurement, shape `[times]` [h].
        centre: Mean of the logarithmic times, and of the losses: shapes `[levels]` and `[times]`.
        patterns: Their principal components, shapes `[components, levels]` and `[components, times]`.
    """

    times: np.ndarray
    centre: tuple[np.ndarray, np.ndarray]
    patterns: tuple[np.ndarray, np.ndarray]

    @classmethod
    def fit(cls, times: np.ndarray, curves: np.ndarray) -> CurveShape:
        """Find the principal components of training curves.

        Args:
            times: Times of measurement, increasing and above 0, shape `[times]` [h].
            curves: Values, such as log OD, without gaps, shape `[curves, times]`.

        Raises:
            InputError: Arrays that do not fit, times that do not increase from above 0, or values that are missing.
        """
        times, curves = np.asarray(times, dtype=np.float64), np.asarray(curves, dtype=np.float64)
        if times.ndim != 1 or curves.ndim != 2 or curves.shape[1] != len(times) or not len(curves):
            raise InputError(f"`curves` has shape {curves.shape}; expected [curves, {times.size}], as `times`")
        if len(times) < 2 or not (times[0] > 0 and (np.diff(times) > 0).all()):
            raise InputError("`times` does not increase from above 0; expected at least two increasing times [h]")
        if not np.isfinite(curves).all():
            raise InputError("`curves` holds a gap or infinity; expected a number at every time")
        parts = _parts(times, curves)
        centre = tuple(part.mean(axis=0) for part in parts)
        patterns = [
            np.linalg.svd(part - middle, full_matrices=False)[2][:COMPONENTS]
            for part, middle in zip(parts, centre, strict=True)
        ]
        return cls(times, (centre[0], centre[1]), (patterns[0], patterns[1]))

    def transform(self, curves: np.ndarray) -> np.ndarray:
        """Return the traits of curves: first value, maximum, components; shape `[curves, traits]`."""
        curves = np.asarray(curves, dtype=np.float64)
        parts = zip(_parts(self.times, curves), self.centre, self.patterns, strict=True)
        scores = [(part - middle) @ pattern.T for part, middle, pattern in parts]
        return np.column_stack([curves[:, 0], curves.max(axis=1), *scores])

    def inverse_transform(self, traits: np.ndarray) -> np.ndarray:
        """Return the curves of traits, shape `[curves, times]`."""
        traits = np.asarray(traits, dtype=np.float64)
        split = 2 + len(self.patterns[0])
        hours = np.exp(self.centre[0] + traits[:, 2:split] @ self.patterns[0])
        hours = np.maximum.accumulate(hours, axis=1) + 1e-6 * np.arange(len(LEVELS))
        loss = np.minimum(self.centre[1] + traits[:, split:] @ self.patterns[1], 0.0)
        curves = np.empty((len(traits), len(self.times)))
        for row, reached in enumerate(hours):
            at = np.concatenate([[self.times[0]], reached, [max(self.times[-1], 1.3 * reached[-1])]])
            curves[row] = np.interp(self.times, at, np.concatenate([[0.0], LEVELS, [1.0]]))
        rise = np.maximum(traits[:, [1]] - traits[:, [0]], 0.0)
        result: np.ndarray = traits[:, [0]] + rise * curves + loss
        return result


def _parts(times: np.ndarray, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithms of the times of the levels, and how far curves are below their maximum so far."""
    highest = np.maximum.accumulate(curves, axis=1)
    rise = np.maximum(highest[:, -1:] - curves[:, :1], 1e-9)
    # Where a curve stays, the earliest time counts.
    shares = (highest - curves[:, :1]) / rise + 1e-9 * np.arange(len(times))
    return np.log(np.stack([np.interp(LEVELS, share, times) for share in shares])), curves - highest
