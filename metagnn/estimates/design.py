"""Design: the columns that a linear or a kernel estimate reads of a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.errors import InputError
from metagnn.estimates.known_samples import KnownSamples

COLUMNS = ("inputs", "inputs_root", "size", "size_root", "descriptors")


def shared_columns(known: KnownSamples, columns: tuple[str, ...]) -> np.ndarray:
    """Return named columns, and the further features, shape `[samples, columns]`.

    Args:
        known: The samples.
        columns: Any of `COLUMNS`; "…_root" is the square root, with its sign.

    Raises:
        InputError: An unknown name.
    """
    parts = []
    for name in columns:
        if name not in COLUMNS:
            raise InputError(f"`columns` names {name!r}; expected any of {', '.join(COLUMNS)}")
        values = getattr(known, name.removesuffix("_root"))
        values = values[:, None] if values.ndim == 1 else values
        parts.append(np.sign(values) * np.sqrt(np.abs(values)) if name.endswith("_root") else values)
    return np.concatenate([*parts, known.features], axis=1)


@dataclass(frozen=True, eq=False)
class Scaling:
    """Centre and scale of columns; a constant column becomes zero, and a gap the centre.

    Attributes:
        centre: Mean over the training rows, shape `[..., columns]`.
        scale: Standard deviation there, the same shape; infinite where a column is constant.
    """

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Scaling:
        """Measure training rows, shape `[samples, ...]`."""
        known = ~np.isnan(values)
        count = np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, values, 0.0)
        centre = filled.sum(axis=0) / count
        spread = np.sqrt(np.where(known, (filled - centre) ** 2, 0.0).sum(axis=0) / count)
        size = np.abs(filled).max(axis=0, initial=0.0)
        return cls(centre, np.where(spread > 1e-9 * np.maximum(size, 1e-9), spread, np.inf))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Return scaled values, the same shape."""
        scaled: np.ndarray = np.where(np.isnan(values), 0.0, (values - self.centre) / self.scale)
        return scaled
