"""How far samples are from those that a predictor was fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEEN, INTERPOLATED, EXTRAPOLATED, NEW = "seen", "interpolated", "extrapolated", "new substrate"

NEAR = 0.1
"""Distance to the nearest sample of the fit, in units of the spread of the inputs, up to which it counts as seen."""


@dataclass(frozen=True, eq=False)
class Novelty:
    """Inputs of a fit, beside which others are judged.

    Attributes:
        inputs: Shape `[samples, inputs]`; zero where a medium does not hold, or a sample does not take up.
    """

    inputs: np.ndarray

    def distance(self, inputs: np.ndarray) -> np.ndarray:
        """Distance to the nearest sample of the fit, in units of the spread of every input, shape `[samples]`.

        Args:
            inputs: Shape `[samples, inputs]`, NaN where nothing is known, which is no distance.
        """
        unit = self._unit()
        steps = np.nan_to_num((inputs[:, None, :] - self.inputs[None]) / unit)
        # Inputs may all be fluxes inside the cell: then there are none to be far in.
        square = np.square(steps).sum(axis=2) / max(1, steps.shape[2])
        nearest: np.ndarray = np.sqrt(square).min(axis=1)
        return nearest

    def describe(self, inputs: np.ndarray) -> np.ndarray:
        """Say of every sample whether the fit knew it, shape `[samples]`.

        "seen": beside a sample of the fit. "interpolated": every input within the range of the fit. "extrapolated": an
        input outside of it. "new substrate": an input that was zero in every sample of the fit, and is not here.

        Args:
            inputs: Shape `[samples, inputs]`.
        """
        held = np.nan_to_num(self.inputs) != 0
        new = ((np.nan_to_num(inputs) != 0) & ~held.any(axis=0)).any(axis=1)
        margin = NEAR * self._unit()
        low, high = np.nanmin(self.inputs, axis=0) - margin, np.nanmax(self.inputs, axis=0) + margin
        outside = ((inputs < low) | (inputs > high)).any(axis=1)
        near = self.distance(inputs) <= NEAR
        return np.select([new, near, outside], [NEW, SEEN, EXTRAPOLATED], INTERPOLATED)

    def _unit(self) -> np.ndarray:
        spread = np.nanstd(self.inputs, axis=0)
        size = np.nanmax(np.abs(self.inputs), axis=0)
        unit: np.ndarray = np.where(spread > 0, spread, np.where(size > 0, size, 1.0))
        return unit
