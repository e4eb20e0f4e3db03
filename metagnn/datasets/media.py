"""Create random and factorial media: tables with one row per medium."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from metagnn.errors import InputError

Ranges = Mapping[str, tuple[float | int, float | int]]
"""Smallest and largest uptake of every exchange [mmol/gDW/h]."""


def uniform_media(ranges: Ranges, samples: int, seed: int = 0) -> pd.DataFrame:
    """Draw every uptake uniformly and independently.

    Args:
        ranges: Smallest and largest uptake of every exchange [mmol/gDW/h].
        samples: Number of media.
        seed: Seed of the draw.

    Returns:
        One column per exchange, values largest uptakes [mmol/gDW/h].

    Raises:
        InputError: There are no ranges, a range is not 0 ≤ low ≤ high < ∞, or `samples` is below one.
    """
    low, high = _limits(ranges)
    _check_samples(samples)
    draws = np.random.default_rng(seed).random((samples, len(ranges)))
    return pd.DataFrame(low + (high - low) * draws, columns=list(ranges))


def latin_hypercube_media(ranges: Ranges, samples: int, seed: int = 0) -> pd.DataFrame:
    """Draw a Latin hypercube: each of `samples` equal slices of every range contains exactly one medium.

    Covers the ranges more evenly than independent draws (McKay et al. 1979, doi 10.2307/1268522), which matters for
    small designs. Arguments, result and errors as for `uniform_media`.
    """
    low, high = _limits(ranges)
    _check_samples(samples)
    rng = np.random.default_rng(seed)
    slices = rng.permuted(np.tile(np.arange(samples)[:, None], len(ranges)), axis=0)
    draws = (slices + rng.random(slices.shape)) / samples
    return pd.DataFrame(low + (high - low) * draws, columns=list(ranges))


def sparse_media(
    ranges: Ranges, samples: int, substrates: int, always: Sequence[str] = (), seed: int = 0
) -> pd.DataFrame:
    """Draw media with a few of many substrates each; the others are absent (0).

    Args:
        ranges: Smallest and largest uptake of every exchange when present [mmol/gDW/h].
        samples: Number of media.
        substrates: Number of substrates in each medium, besides those of `always`.
        always: Exchanges in every medium, such as oxygen.
        seed: Seed of the draw.

    Raises:
        InputError: As for `uniform_media`; `always` names an exchange without a range; or there are fewer substrates to
            choose from than `substrates`.
    """
    for name in always:
        if name not in ranges:
            raise InputError(f"`always` names {name!r}, which has no range; expected one of {', '.join(ranges)}")
    optional = [position for position, name in enumerate(ranges) if name not in always]
    if not 1 <= substrates <= len(optional):
        raise InputError(f"`substrates` is {substrates}; expected 1 to {len(optional)}, the substrates to choose from")
    media = uniform_media(ranges, samples, seed)
    # Use a separate random stream, so that the uptakes equal those of `uniform_media` with the same seed.
    ranks = np.random.default_rng([seed, 1]).random((samples, len(optional))).argsort(axis=1).argsort(axis=1)
    values = media.to_numpy(copy=True)
    values[:, optional] = np.where(ranks < substrates, values[:, optional], 0.0)
    return pd.DataFrame(values, columns=media.columns)


def factorial_media(levels: Mapping[str, Sequence[float | int]]) -> pd.DataFrame:
    """Return every combination of levels; the last exchange varies fastest.

    Args:
        levels: Levels of uptake of every exchange [mmol/gDW/h].

    Raises:
        InputError: There are no levels, or a level is negative or not finite.

    >>> factorial_media({"EX_glc__D_e": [5, 10], "EX_o2_e": [0, 20]}).to_numpy().tolist()
    [[5.0, 0.0], [5.0, 20.0], [10.0, 0.0], [10.0, 20.0]]
    """
    if not levels:
        raise InputError("`levels` is empty; expected at least one exchange, such as {'EX_glc__D_e': [5, 10]}")
    for name, values in levels.items():
        if isinstance(values, str) or not len(values):
            raise InputError(f"`levels[{name!r}]` is {values!r}; expected a list of uptakes, such as [0, 5, 10]")
        for value in values:
            if not _is_uptake(value):
                raise InputError(f"`levels[{name!r}]` holds {value!r}; expected finite uptakes ≥ 0 [mmol/gDW/h]")
    rows = list(itertools.product(*levels.values()))
    return pd.DataFrame(np.array(rows, dtype=np.float64), columns=list(levels))


def _limits(ranges: Ranges) -> tuple[np.ndarray, np.ndarray]:
    if not ranges:
        raise InputError("`ranges` is empty; expected at least one exchange, such as {'EX_glc__D_e': (0, 10)}")
    for name, limits in ranges.items():
        if len(limits) != 2 or not all(map(_is_uptake, limits)) or limits[0] > limits[1]:
            raise InputError(
                f"`ranges[{name!r}]` is {limits!r}; expected (low, high) with 0 ≤ low ≤ high, finite [mmol/gDW/h]"
            )
    values = np.array(list(ranges.values()), dtype=np.float64)
    return values[:, 0], values[:, 1]


def _is_uptake(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and bool(np.isfinite(value)) and bool(value >= 0)


def _check_samples(samples: int) -> None:
    if samples < 1:
        raise InputError(f"`samples` is {samples}; expected at least 1")
