"""MediaTraits: what a regressor of media learned, and how it reads new media."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError
from metagnn.estimates.folds import group_codes
from metagnn.estimates.media_estimate import MediaEstimate
from metagnn.estimates.media_features import MediaFeatures
from metagnn.estimates.media_samples import MediaSamples
from metagnn.estimates.media_table import CONCENTRATION, Media
from metagnn.network.metabolic_network import MetabolicNetwork

SMALL_GROUP = 5
"""Groups by main source with fewer media are joined: on so few no error is measured."""

FEWEST = 4
"""Training media with a measured trait."""

SEEN, INTERPOLATED, NEW = "seen", "interpolated", "new substrate"


@dataclass(frozen=True, eq=False)
class MediaTraits:
    """Fitted estimates of traits with what they read.

    Attributes:
        network: The network.
        inputs: "concentration" or "present".
        exchanges: Nutrients of the training media.
        traits: Names of the traits.
        features: Names of the further features.
        groups: Group of every training medium as a number, shape `[samples]`.
        estimate: The estimates.
    """

    network: MetabolicNetwork
    inputs: str
    exchanges: tuple[str, ...]
    traits: tuple[str, ...]
    features: tuple[str, ...]
    groups: np.ndarray
    estimate: MediaEstimate

    def read(self, media: Media, further: pd.DataFrame | None) -> tuple[MediaSamples, np.ndarray]:
        """Return media as samples, and which of them have something that no training medium had.

        Raises:
            TableError: A further feature is missing.
        """
        samples = self._reader.read(media.exchanges, media.values, self.exchanges, feature_values(media, further))
        status, _ = self.status(media)
        return samples, np.array(status) == NEW

    def status(self, media: Media) -> tuple[list[str], list[str]]:
        """Return how far every medium is from the training, and its main source."""
        train = self.estimate.samples
        held = train.values > 0
        known = {self.exchanges[column] for column in np.flatnonzero(held.any(axis=0))}
        seen_main = {self.exchanges[column] for column in np.flatnonzero(train.main.any(axis=0))}
        patterns = {
            frozenset(name for name, there in zip(self.exchanges, row, strict=True) if there) for row in held.tolist()
        }
        main = self._reader.main_sources(media.exchanges, media.values).tolist()
        names = ["" if place < 0 else media.exchanges[place] for place in main]
        status = []
        for row, source in zip((media.values > 0).tolist(), names, strict=True):
            pattern = frozenset(name for name, there in zip(media.exchanges, row, strict=True) if there)
            new = bool(pattern - known) or (source != "" and source not in seen_main)
            status.append(NEW if new else SEEN if pattern in patterns else INTERPOLATED)
        return status, names

    def scores(self) -> pd.DataFrame:
        """Errors of estimates on media left out."""
        return self.estimate.scores(list(self.traits))

    @functools.cached_property
    def _reader(self) -> MediaFeatures:
        return MediaFeatures(self.network, self.inputs == CONCENTRATION)


def fit_media_traits(
    network: MetabolicNetwork,
    inputs: str,
    seed: int,
    media: Media,
    observed: pd.DataFrame,
    further: pd.DataFrame | None,
    groups: Any,
    weight: Any,
) -> MediaTraits:
    """Fit traits of media.

    Args:
        network: The network.
        inputs: "concentration" or "present".
        seed: Seed of folds and trees.
        media: The media.
        observed: Traits, NaN for gaps, one row per medium.
        further: Further features, or None.
        groups: Group of every medium; None takes the main source.
        weight: Weight ≥ 0 of every medium, or None.

    Raises:
        InputError: Groups or weights that do not fit, or too little to learn from.
        TableError: A trait without numbers, or a further feature that is missing.
    """
    values = observed.to_numpy()
    if np.isinf(values).any():
        raise TableError("`traits` holds infinity; expected numbers, or NaN where nothing was measured")
    weight = _weights(weight, len(values))
    counted = ~np.isnan(values) if weight is None else ~np.isnan(values) & (weight > 0)[:, None]
    for name, count in zip(observed.columns, counted.sum(axis=0).tolist(), strict=True):
        if count < FEWEST:
            raise TableError(f"`traits`, column {name!r}: {count} numbers; expected at least {FEWEST}")
    reader = MediaFeatures(network, inputs == CONCENTRATION)
    samples = reader.read(media.exchanges, media.values, media.exchanges, feature_values(media, further))
    codes = group_codes(None if groups is None else np.asarray(groups), len(values))
    codes = _main_groups(samples.main) if codes is None else codes
    estimate = MediaEstimate.fit(samples, values, weight, codes, seed)
    features = () if further is None else tuple(further.columns)
    return MediaTraits(network, inputs, media.exchanges, tuple(observed.columns), features, codes, estimate)


def feature_values(media: Media, further: pd.DataFrame | None) -> np.ndarray:
    """Return further features, shape `[samples, features]`.

    Raises:
        TableError: A value is missing or infinite.
    """
    if further is None:
        return np.zeros((len(media.values), 0))
    values = further.to_numpy()
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        raise TableError(
            f"`features`, column {further.columns[column]!r}, row {row}: {values[row, column]:g}; expected a number for "
            "every medium: leave the column out, or fill in what is usual"
        )
    return values


def _main_groups(main: np.ndarray) -> np.ndarray:
    """Group media by their main source; small groups are joined."""
    code = np.where(main.any(axis=1), main.argmax(axis=1), -1)
    names, group, size = np.unique(code, return_inverse=True, return_counts=True)
    joined = np.where(size < SMALL_GROUP, len(names), np.arange(len(names)))
    return np.unique(joined[group.reshape(-1)], return_inverse=True)[1].reshape(-1)


def _weights(weight: Any, samples: int) -> np.ndarray | None:
    if weight is None:
        return None
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (samples,) or not (np.isfinite(values) & (values >= 0)).all() or not values.any():
        raise InputError(f"`sample_weight` has shape {values.shape}; expected {samples} numbers ≥ 0, not all of them 0")
    return values
