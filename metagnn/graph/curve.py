"""Cubic Bézier curves: cut where they enter the box of a label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Inside = Callable[[np.ndarray], bool]
"""Whether a point of shape `[2]` lies in what a curve must not cross."""

HALVINGS = 24


def straight(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A line as a curve: four control points on it, shape `[4, 2]`."""
    share = np.linspace(0.0, 1.0, 4)[:, None]
    line: np.ndarray = (1 - share) * start + share * end
    return line


def split_curve(curve: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The two parts of a curve on either side of a parameter (de Casteljau's algorithm).

    Args:
        curve: Four control points, shape `[4, 2]`.
        share: Where to cut, from 0 (start) to 1 (end).
    """
    levels = [curve]
    while len(levels[-1]) > 1:
        points = levels[-1]
        levels.append((1 - share) * points[:-1] + share * points[1:])
    return np.array([level[0] for level in levels]), np.array([level[-1] for level in levels[::-1]])


def cut_start(curve: np.ndarray, inside: Inside) -> np.ndarray:
    """The curve from where it leaves the box around its start; unchanged if it starts outside or never leaves.

    Args:
        curve: Four control points, shape `[4, 2]`.
        inside: The box.
    """
    if not inside(curve[0]) or inside(curve[-1]):
        return curve
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if inside(split_curve(curve, middle)[0][-1]):
            low = middle
        else:
            high = middle
    return split_curve(curve, high)[1]


def cut_end(curve: np.ndarray, inside: Inside) -> np.ndarray:
    """The curve up to where it enters the box around its end; see `cut_start`."""
    return cut_start(curve[::-1], inside)[::-1]
