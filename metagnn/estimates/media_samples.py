"""MediaSamples: media as numbers, and the views of them that estimates read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.estimates.known_samples import KnownSamples

VIEWS = ("mechanistic", "without main source", "whole")
"""What an estimate may read: features alone; presence of all but the main source beside them; presence of all."""


@dataclass(frozen=True, eq=False)
class MediaSamples:
    """What is known of media; arrays of float64.

    Attributes:
        values: Concentrations [mM] or presence of the nutrients of the training media, shape `[samples, nutrients]`.
        main: Which nutrient has most carbon, boolean, the same shape.
        mechanistic: Mechanistic features, shape `[samples, descriptors]`.
        further: Further features, shape `[samples, features]`.
    """

    values: np.ndarray
    main: np.ndarray
    mechanistic: np.ndarray
    further: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: np.ndarray) -> MediaSamples:
        """Return some of the samples."""
        return MediaSamples(self.values[index], self.main[index], self.mechanistic[index], self.further[index])

    def view(self, name: str, targets: int) -> KnownSamples:
        """Return what an estimate reads.

        Args:
            name: One of `VIEWS`.
            targets: Number of targets, of which no own flux is known.
        """
        present = (self.values > 0).astype(np.float64)
        level = np.log1p(self.values)
        if name == "mechanistic":
            inputs = present[:, :0]
        elif name == "without main source":
            inputs = present * ~self.main
        else:
            inputs = np.concatenate([present, level], axis=1)
        own = np.full((len(self), targets), np.nan)
        return KnownSamples(inputs, np.ones(len(self)), self.mechanistic, own, self.further)
