"""Folds of training rows: whole groups are left out, so that an estimate is chosen for what it says of new ones."""

from __future__ import annotations

import numpy as np

from metagnn.errors import InputError
from metagnn.estimates.design import Scaling
from metagnn.estimates.known_samples import KnownSamples

MOST_FOLDS = 10
"""Largest number of folds: more groups share folds."""

RANDOM_FOLDS = 5


def group_codes(groups: np.ndarray | None, samples: int) -> np.ndarray | None:
    """Return groups as numbers from 0 in order of first appearance, shape `[samples]`; None without groups.

    Raises:
        InputError: The groups have another shape, or one is missing.
    """
    if groups is None:
        return None
    values = np.asarray(groups)
    if values.shape != (samples,):
        raise InputError(f"`groups` has shape {values.shape}; expected one group for each of {samples} samples")
    names: dict[object, int] = {}
    for row, value in enumerate(values.tolist()):
        if value is None or value != value:
            raise InputError(f"`groups` has no group in row {row}; expected a number or a text for every sample")
        names.setdefault(value, len(names))
    return np.array([names[value] for value in values.tolist()], dtype=np.int64)


def leave_out_folds(groups: np.ndarray | None, known: KnownSamples) -> list[np.ndarray]:
    """Return partitions of the samples into folds, each of shape `[samples]`; the first one is the main one.

    With two groups or more, whole groups are left out. Without, one partition is random, and another cuts the samples
    along what they take up: it asks for extrapolation.

    Args:
        groups: Group of every sample, or None.
        known: The samples.
    """
    codes = group_codes(groups, len(known))
    if codes is not None and len(np.unique(codes)) > 1:
        return [_merged(codes)]
    if len(known) < 2:
        return [np.zeros(len(known), dtype=np.int64)]
    shuffled = np.random.default_rng(0).permutation(len(known))
    random = np.empty(len(known), dtype=np.int64)
    random[shuffled] = np.arange(len(known)) % min(RANDOM_FOLDS, len(known))
    return [random, _blocks(known)]


def _merged(codes: np.ndarray) -> np.ndarray:
    """Join groups, the largest first into the smallest fold, until there are few folds."""
    sizes = np.bincount(codes)
    if len(sizes) <= MOST_FOLDS:
        return codes
    fold, held = np.empty(len(sizes), dtype=np.int64), np.zeros(MOST_FOLDS)
    for group in np.argsort(-sizes, kind="stable"):
        fold[group] = np.argmin(held)
        held[fold[group]] += sizes[group]
    merged: np.ndarray = fold[codes]
    return merged


def _blocks(known: KnownSamples) -> np.ndarray:
    """Cut samples into blocks along the main direction of their inputs."""
    columns = np.concatenate([known.inputs, known.size[:, None], known.features], axis=1)
    scaled = Scaling.of(columns).apply(columns)
    left, values, _ = np.linalg.svd(scaled - scaled.mean(axis=0), full_matrices=False)
    along = left[:, 0] * values[0] if len(values) else np.zeros(len(known))
    rank = np.empty(len(known), dtype=np.int64)
    rank[np.argsort(along, kind="stable")] = np.arange(len(known))
    block: np.ndarray = rank * min(RANDOM_FOLDS, len(known)) // len(known)
    return block
