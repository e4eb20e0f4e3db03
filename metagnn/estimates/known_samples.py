"""KnownSamples: what is known of samples before anything is predicted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metagnn.errors import InputError


@dataclass(frozen=True, eq=False)
class KnownSamples:
    """What simple estimates read; arrays of float64 with one row per sample.

    Attributes:
        inputs: Largest uptakes ≥ 0, measured signed rates [mmol/gDW/h], or concentrations [mM] or presence, shape
            `[samples, inputs]`; NaN where a rate was not measured.
        size: Total carbon taken up [mmol C/gDW/h], shape `[samples]`: yields are per it.
        descriptors: Mechanistic features, such as growth by flux balance analysis, shape `[samples, descriptors]`.
        own: Minimum-norm flux of every target itself, shape `[samples, targets]`; NaN where there is none.
        features: Further features of a sample, shape `[samples, features]`.

    Raises:
        InputError: An array has another number of rows or dimensions.
    """

    inputs: np.ndarray
    size: np.ndarray
    descriptors: np.ndarray
    own: np.ndarray
    features: np.ndarray

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            values = np.asarray(getattr(self, field.name), dtype=np.float64)
            dimensions = 1 if field.name == "size" else 2
            if values.ndim != dimensions or len(values) != len(np.asarray(self.size)):
                raise InputError(
                    f"`{field.name}` has shape {values.shape}; expected {dimensions} dimensions and "
                    f"{len(np.asarray(self.size))} rows"
                )
            object.__setattr__(self, field.name, values)

    def __len__(self) -> int:
        return len(self.size)

    def rows(self, index: np.ndarray | Sequence[int] | slice) -> KnownSamples:
        """Return some of the samples, in the order of the index."""
        return KnownSamples(**{field.name: getattr(self, field.name)[index] for field in dataclasses.fields(self)})
