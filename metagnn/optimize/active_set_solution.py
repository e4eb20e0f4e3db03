"""Start and end of a dual active-set method: which columns are pinned, and the nearest point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NARROW = 2e-12
"""Columns whose bounds differ by less, relative to 1 + |bound|, count as pinned."""

TIRED = "failed: too many changes of the active set"
"""Status of a problem that ran out of steps or work."""

SPOILED = "failed: rounding"
"""Status of a problem whose values are not numbers."""


@dataclass(frozen=True, eq=False)
class ActiveSetSolution:
    """The nearest point, or why there is none.

    Attributes:
        status: "optimal", "infeasible", or "failed: " and the reason.
        values: x, shape `[columns]`; NaN unless optimal.
        side: −1 where x is held at its lower bound, 1 at its upper one, 0 where it is free.
        gap: Shift of all bounds that would make an infeasible problem feasible; 0 otherwise.
        steps: Changes of the active set.
    """

    status: str
    values: np.ndarray
    side: np.ndarray
    gap: float = 0.0
    steps: int = 0


def first_guess(lower: np.ndarray, upper: np.ndarray, side: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return which columns are pinned, and which bounds to hold at first: those of a guess that exist, and the pins."""
    with np.errstate(invalid="ignore"):
        narrow = upper - lower <= NARROW * (1.0 + np.abs(lower))
    pinned = narrow & np.isfinite(lower)
    guess = np.zeros(len(lower), dtype=np.int8) if side is None else side.astype(np.int8)
    guess[pinned] = -1
    for bound, sign in ((lower, -1), (upper, 1)):
        guess[(guess == sign) & ~np.isfinite(bound)] = 0
    return pinned, guess
