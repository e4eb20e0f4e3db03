"""Labelled media of the studies: how they are drawn, and a store that draws each set once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metagnn.datasets.media import uniform_media
from metagnn.errors import TableError
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

TEST_SEED = 987_654
"""Seed of the test media, the same for every training seed and far from all of them."""


@dataclass(frozen=True)
class SampleRecipe:
    """Everything needed to draw the same training and test samples again.

    Attributes:
        model: Name of the network.
        method: Which optimum labels the media: "fba", "pfba" or "min_norm".
        train_samples: Number of training media.
        test_samples: Number of test media.
        train_ranges: Largest uptakes of the training media, from and to [mmol/gDW/h].
        test_ranges: Largest uptakes of the test media, from and to [mmol/gDW/h].
        noise: Relative noise on the labels.
    """

    model: str
    method: str
    train_samples: int
    test_samples: int
    train_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    test_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    noise: float = 0.0


@dataclass(frozen=True, eq=False)
class Samples:
    """Feasible media with their fluxes; one row a sample [mmol/gDW/h]."""

    media: pd.DataFrame
    fluxes: pd.DataFrame

    def rows(self, positions: np.ndarray | slice) -> Samples:
        """Select samples by position."""
        return Samples(self.media.iloc[positions], self.fluxes.iloc[positions])


@dataclass(frozen=True, eq=False)
class TrainTest:
    """Samples to train on, and samples to test on.

    Attributes:
        network: The network.
        train: Training samples.
        test: Test samples.
        held_out: What the training media lack, in words; empty if test media are drawn as training media are.
    """

    network: MetabolicNetwork
    train: Samples
    test: Samples
    held_out: str = ""


class SampleStore:
    """Networks and labelled media, each made once: labelling costs more than fitting a regression."""

    def __init__(self) -> None:
        self._networks: dict[tuple[str, str | None], MetabolicNetwork] = {}
        self._samples: dict[Hashable, Samples] = {}

    def network(self, model: str, growth: str | None = None) -> MetabolicNetwork:
        """Return the network of a name, with another growth reaction if one is given; read it on the first call."""
        key = (model, growth)
        if key not in self._networks:
            self._networks[key] = load_network(model, growth)
        return self._networks[key]

    def samples(
        self, model: str, ranges: Mapping[str, tuple[float, float]], count: int, method: str, seed: int
    ) -> Samples:
        """Return the samples of `feasible_samples`, drawing them on the first call."""
        key = (model, tuple(ranges.items()), count, method, seed)
        return self.once(key, lambda: feasible_samples(self.network(model), ranges, count, method, seed))

    def once(self, key: Hashable, make: Callable[[], Samples]) -> Samples:
        """Return the samples of a key, making them on the first call."""
        if key not in self._samples:
            self._samples[key] = make()
        return self._samples[key]


def feasible_samples(
    network: MetabolicNetwork, ranges: Mapping[str, tuple[float, float]], count: int, method: str, seed: int
) -> Samples:
    """Draw media uniformly, and return the first feasible ones with their fluxes.

    Args:
        network: The network.
        ranges: Largest uptakes, from and to [mmol/gDW/h].
        count: Number of samples.
        method: Which optimum labels the media.
        seed: Seed of the draw.

    Raises:
        TableError: More than half of the media are infeasible.
    """
    media = uniform_media(ranges, 2 * count, seed=seed)
    simulator = LabelSimulator(network, list(media.columns), method)
    kept_media: list[np.ndarray] = []
    kept_fluxes: list[np.ndarray] = []
    missing = count
    while missing and len(media):
        batch, media = media.iloc[:missing], media.iloc[missing:]
        fluxes, status = simulator.solve(batch.to_numpy(dtype=np.float64))
        solved = np.array([text == "optimal" for text in status])
        kept_media.append(batch.to_numpy(dtype=np.float64)[solved])
        kept_fluxes.append(fluxes[solved])
        missing -= int(solved.sum())
    if missing:
        raise TableError(f"`ranges`: more than half of {2 * count} media are infeasible on {network.id}")
    return Samples(
        pd.DataFrame(np.concatenate(kept_media), columns=list(ranges)),
        pd.DataFrame(network.own_fluxes(np.concatenate(kept_fluxes)), columns=list(network.own_reactions)),
    )
