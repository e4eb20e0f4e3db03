"""Read the bounds of a draft: note and fill missing ones, and drop those that no flux can reach."""

from __future__ import annotations

import math
import reprlib

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.bounds import FluxBounds
from metagnn.network.reader.border import LARGEST
from metagnn.network.reader.draft import ModelDraft
from metagnn.network.reader.note import counted, listed
from metagnn.network.reader.number import TOO_LARGE, read_number

UNREACHABLE = 1e5
"""A bound of this size or more stands for none [mmol/gDW/h]: a gram of cells that turns over 100 mol in an hour."""


def read_limits(draft: ModelDraft) -> tuple[FluxBounds, list[str]]:
    """Return the bounds of a draft's reactions, and the notes.

    Raises:
        NetworkError: A bound that is no number, NaN, or a lower bound above its upper; the reaction is named.
    """
    lower, upper, missing = [], [], []
    for reaction in draft.reactions:
        low, high = (_number(value, reaction.id) for value in (reaction.lower, reaction.upper))
        if low is None or high is None:
            missing.append(repr(reaction.id))
        made_up = -LARGEST if reaction.reversible else 0.0
        lower.append((min(made_up, high) if high is not None else made_up) if low is None else low)
        upper.append((max(LARGEST, low) if low is not None else LARGEST) if high is None else high)
    low_bounds, high_bounds = np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)
    _refuse_unreachable(draft, low_bounds, high_bounds)
    notes = []
    if missing:
        notes.append(
            f"{counted(len(missing), 'reaction')} without bounds in the file, made up as ±{LARGEST:g}, "
            f"or 0 to {LARGEST:g} where irreversible: {listed(missing)}"
        )
    huge = (np.isfinite(low_bounds) & (low_bounds <= -UNREACHABLE)) | (
        np.isfinite(high_bounds) & (high_bounds >= UNREACHABLE)
    )
    if huge.any():
        sizes = np.unique(np.abs(np.concatenate([low_bounds[huge], high_bounds[huge]])))
        shown = listed([f"±{size:g}" for size in sizes[(sizes >= UNREACHABLE) & np.isfinite(sizes)]])
        notes.append(f"bounds of {counted(int(huge.sum()), 'reaction')} ({shown}) that no flux can reach, read as none")
    low_bounds[low_bounds <= -UNREACHABLE] = -np.inf
    high_bounds[high_bounds >= UNREACHABLE] = np.inf
    return FluxBounds(tuple(reaction.id for reaction in draft.reactions), low_bounds, high_bounds), notes


def _refuse_unreachable(draft: ModelDraft, lower: np.ndarray, upper: np.ndarray) -> None:
    for position in np.flatnonzero((lower >= TOO_LARGE) | (upper <= -TOO_LARGE))[:1]:
        bounds = f"[{lower[position]:g}, {upper[position]:g}]"
        raise NetworkError(
            f"bounds of {draft.reactions[position].id!r} are {bounds}; expected some that a flux can reach"
        )


def _number(value: object, reaction: str) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = read_number(value)
    # A bound of infinity says "none"; NaN says nothing.
    if math.isnan(number) and not isinstance(value, float):
        raise NetworkError(f"a bound of reaction {reaction!r} is {reprlib.repr(value)}; expected a number")
    return number
