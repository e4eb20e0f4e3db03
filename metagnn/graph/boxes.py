"""Push boxes in the plane apart, and pack them."""

from __future__ import annotations

import numpy as np

SEPARATIONS = 300


def separate(places: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Push boxes apart until none overlap, each pair by half the overlap, along its smaller side.

    Args:
        places: Centres, shape `[boxes, 2]`.
        reach: Smallest distance of two centres, in x or in y, shape `[boxes, boxes, 2]`.

    Returns:
        Centres; crowded boxes may keep some overlap.
    """
    places = places.copy()
    order = np.sign(np.arange(len(places))[:, None] - np.arange(len(places))[None])
    for _ in range(SEPARATIONS):
        gap = places[:, None] - places[None]
        overlap = reach - np.abs(gap)
        hit = (overlap > 1e-9).all(axis=-1)
        np.fill_diagonal(hit, False)
        if not hit.any():
            break
        along_x = overlap[..., 0] < overlap[..., 1]
        push = np.where(np.stack([along_x, ~along_x], axis=-1) & hit[..., None], overlap, 0.0)
        # Separate boxes at the same spot in their order.
        side = np.where(gap == 0, order[..., None], np.sign(gap))
        # Half each suffices for a pair; slightly more makes chains of boxes converge.
        places += 0.55 * (push * side).sum(axis=1)
    return places


def pack(sizes: np.ndarray, shape: float) -> np.ndarray:
    """Pack boxes in rows, the largest first, about `shape` times as wide as high; return their lower left corners.

    Args:
        sizes: Widths and heights, shape `[boxes, 2]`.
        shape: Width over height.
    """
    width = max(float(sizes[:, 0].max(initial=0.0)), float(np.sqrt(shape * sizes.prod(axis=1).sum())))
    corners = np.zeros_like(sizes)
    x = y = height = 0.0
    for box in np.argsort(-sizes.prod(axis=1), kind="stable"):
        if x > 0 and x + sizes[box, 0] > width * (1 + 1e-9):
            x, y, height = 0.0, y - height, 0.0
        corners[box] = x, y
        x, height = x + sizes[box, 0], max(height, float(sizes[box, 1]))
    # Align the boxes of a row at their tops.
    corners[:, 1] -= sizes[:, 1]
    return corners
