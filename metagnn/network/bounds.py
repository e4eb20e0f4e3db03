"""Lower and upper bounds of every flux."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metagnn._html import html_table
from metagnn.errors import NetworkError

MOST_SHOWN = 10
"""Most reactions to show in a notebook."""

LARGEST_FLUX = 1000.0
"""Models write a bound of this size or more where there is none [mmol/gDW/h]."""


def without_limits(lower: np.ndarray, upper: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds with infinity in place of those of some size or more, so that solvers see none.

    Args:
        lower: Lower bounds, any shape [mmol/gDW/h].
        upper: Upper bounds, the same shape.
        size: Size from which on a bound stands for none.
    """
    return np.where(lower <= -size, -np.inf, lower), np.where(upper >= size, np.inf, upper)


@dataclass(frozen=True, eq=False)
class FluxBounds:
    """Bounds of every flux [mmol/gDW/h]; infinite where a reaction is unbounded.

    Attributes:
        lower: Lower bounds, shape `[reactions]`, read-only.
        upper: Upper bounds, shape `[reactions]`, read-only.

    Raises:
        NetworkError: A bound is NaN, or a lower bound exceeds its upper bound.
    """

    reactions: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            values = np.array(getattr(self, name), dtype=np.float64)
            if values.shape != (len(self.reactions),):
                raise NetworkError(f"`{name}` has shape {values.shape}; expected ({len(self.reactions)},)")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        for index in np.flatnonzero(~(self.lower <= self.upper))[:1]:
            raise NetworkError(
                f"bounds of {self.reactions[index]!r} are [{self.lower[index]:g}, {self.upper[index]:g}]; "
                "expected numbers with lower ≤ upper"
            )

    @cached_property
    def unlimited(self) -> float:
        """Size from which on a bound stands for none: 1000, or that of the widest where all are narrower."""
        return min(LARGEST_FLUX, float(np.abs([self.lower, self.upper]).max(initial=0.0)))

    def __repr__(self) -> str:
        fixed = int((self.lower == self.upper).sum())
        reversible = int(((self.lower < 0) & (self.upper > 0)).sum())
        return f"FluxBounds({len(self.reactions)} reactions, {reversible} reversible, {fixed} fixed)"

    def _repr_html_(self) -> str:
        shown = zip(self.reactions[:MOST_SHOWN], self.lower, self.upper, strict=False)
        rows = [(name, f"{low:g}", f"{high:g}") for name, low, high in shown]
        return html_table(repr(self), rows, ("reaction", "lower [mmol/gDW/h]", "upper [mmol/gDW/h]"))

    def __reduce__(self) -> tuple[type[FluxBounds], tuple[tuple[str, ...], np.ndarray, np.ndarray]]:
        """Copies and pickles are made anew, for a copied array could be written."""
        return FluxBounds, (self.reactions, self.lower, self.upper)

    def replace(self, changes: Mapping[int, tuple[float, float]]) -> FluxBounds:
        """Return new bounds with `(lower, upper)` of some reactions replaced, by index."""
        lower, upper = self.lower.copy(), self.upper.copy()
        for index, (low, high) in changes.items():
            lower[index], upper[index] = low, high
        return FluxBounds(self.reactions, lower, upper)

    def close(self, indices: Sequence[int]) -> FluxBounds:
        """Return new bounds with some reactions forced to zero, by index."""
        return self.replace(dict.fromkeys(indices, (0.0, 0.0)))
