"""Fluxes from labelled media: train on some ranges of media, test on the same or others."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores, spread
from metagnn.studies.harness.flux_scores import score_fluxes
from metagnn.studies.harness.samples import TEST_SEED, Samples, SampleStore, Setting
from metagnn.studies.rivals.labelled_contestants import CONTESTANTS


@dataclass(frozen=True, eq=False)
class LabelledData:
    """What a contestant gets."""

    network: MetabolicNetwork
    train: Samples
    test: Samples


REPETITIONS = Repetitions(1, 5, 10)


@dataclass(frozen=True)
class LabelledFluxes(AbstractExperiment):
    """Complete flux labels to learn from, complete fluxes to predict.

    Attributes:
        name: Path of its results, and name of its runs' files.
        setting: Media, labels, and how many.
        repetitions: How often it is repeated.
    """

    name: str
    setting: Setting
    repetitions: Repetitions = REPETITIONS

    def contestants(self, size: str) -> tuple[str, ...]:
        """The default FluxGNN in both constraints, the feed-forward network, and the regressions."""
        return tuple(CONTESTANTS)

    def settings(self) -> dict[str, Any]:
        """The setting."""
        return dataclasses.asdict(self.setting)

    def data(self, store: SampleStore, seed: int) -> LabelledData:
        """Training media of the seed, and the common test media."""
        s = self.setting
        return LabelledData(
            store.network(s.model),
            store.samples(s.model, s.train_ranges, s.train_samples, s.method, seed),
            store.samples(s.model, s.test_ranges, s.test_samples, s.method, TEST_SEED),
        )

    def run(self, contestant: str, data: LabelledData, seed: int) -> Run:
        """Train and predict."""
        media, observed = data.test.media, data.test.fluxes.to_numpy()
        outcome = CONTESTANTS[contestant](data.network, data.train, media, seed)
        bounds = data.network.uptake_bounds(list(media.columns), media.to_numpy())
        scores = score_fluxes(data.network, bounds, observed, outcome.fluxes)
        scores["train_seconds"] = outcome.train_seconds
        return Run(scores, {"observed": observed, "predicted": outcome.fluxes}, outcome.history)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Every score's median and range, under the path of the name."""
        tree: dict[str, Any] = {contestant: spread(scores) for contestant, scores in runs.items()}
        for part in reversed(self.name.split(".")):
            tree = {part: tree}
        return tree
