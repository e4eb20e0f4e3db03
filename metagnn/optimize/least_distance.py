"""The point of least norm among those that a vertex reaches along a few directions, within bounds."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.optimize

STILL = 1e-12
"""A column that no direction moves by more than this, per unit, stays where it is."""

MET = 1e-11
"""A vertex this close to a bound is at it."""

ACCEPTED = 1e-10
"""Largest violation of a bound, or wrong sign of a multiplier, relative to the largest value."""


def nearest_along(
    vertex: np.ndarray,
    moving: np.ndarray,
    directions: np.ndarray,
    weights: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> np.ndarray | None:
    """Return the point vertex + t·directions of least norm within the bounds, exact to round-off; None if not found.

    Least distance programming (Lawson & Hanson 1995, doi 10.1137/1.9781611971217, chapter 23): its dual is a problem of
    non-negative least squares, which copes with vertices where many bounds meet.

    Args:
        vertex: Where the directions start; it meets the bounds up to rounding, shape `[columns]`.
        moving: Columns that some direction moves, first one of every direction that no other moves and that the vertex
            has at a bound; −1 stands for a row that must stay at zero.
        directions: Shape `[directions, moving]`, first an identity.
        weights: Weight of the square of every column in the norm, shape `[columns]`.
        bounds: Lower and upper bounds, each of shape `[columns]`.
    """
    rows = moving < 0
    lower, upper, start, weight = (np.where(rows, 0.0, part[moving]) for part in (*bounds, vertex, weights))
    weight[rows] = 1.0
    low, high = start - lower <= MET, upper - start <= MET
    directions = np.where(low[: len(directions), None], directions, -directions)
    directions = directions[_open(directions, low, high)]
    left = (np.abs(directions) > STILL).any(axis=0)
    values = vertex.copy()
    if not left.any():
        return values
    moving, rows, lower, upper, start, root = (
        part[left] for part in (moving, rows, lower, upper, start, np.sqrt(weight))
    )
    if not np.all(root > 0):
        return None
    basis = scipy.linalg.qr((directions[:, left] * root).T, mode="economic", check_finite=False)[0]
    nearest = _nearest(basis, start * root, lower * root, upper * root)
    if nearest is None:
        return None
    # Exactly at the bounds, whatever the weights have rounded.
    inside = np.where(nearest[1] < 0, lower, np.where(nearest[1] > 0, upper, nearest[0] / root))
    values[moving[~rows]] = np.clip(inside, lower, upper)[~rows]
    return values


def _nearest(
    basis: np.ndarray, start: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the point start + basis·t of least norm within the bounds, and the side where it is held; basis: Q."""
    centre = start - basis @ (basis.T @ start)
    least = np.concatenate([lower - centre, centre - upper])
    side = np.zeros(len(start), dtype=np.int8)
    size = max(np.abs(centre).max(), 1e-30)
    limits = np.flatnonzero(np.isfinite(least))
    least = least[limits] / size
    if not np.any(least > 0):
        return centre, side
    normals = np.concatenate([basis, -basis])[limits]
    system = np.vstack([normals.T, least])
    unit = np.zeros(len(system))
    unit[-1] = 1.0
    try:
        multipliers, _ = scipy.optimize.nnls(system, unit)
    except RuntimeError:
        return None
    # Scaled as those of the norm; the least ones are rounding where bounds say the same.
    active = np.flatnonzero(multipliers > STILL * (1.0 - least @ multipliers))
    held = normals[active]
    pull = np.linalg.lstsq(held @ held.T, least[active])[0]
    steps = held.T @ pull
    if np.any(pull < -ACCEPTED) or np.any(normals @ steps < least - ACCEPTED):
        return None
    at = limits[active]
    side[at[at < len(start)]], side[at[at >= len(start)] - len(start)] = -1, 1
    return centre + basis @ (steps * size), side


def _open(directions: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the directions, to be taken forward only, that no single bound rules out, boolean.

    At a degenerate vertex most are: all that move some column push it out of its bounds.
    """
    up, down = directions > STILL, directions < -STILL
    left = np.ones(len(directions), dtype=bool)
    while True:
        any_up, any_down = up[left].any(axis=0), down[left].any(axis=0)
        shut = (low & any_down & ~any_up) | (high & any_up & ~any_down)
        closed = left & (up | down)[:, shut].any(axis=1)
        if not closed.any():
            return left
        left &= ~closed
