"""One split in one setting, as an experiment with contestants and seeds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from metagnn.datasets.extrapolation import Split, split_media
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.extrapolation.scores import score_extrapolation
from metagnn.studies.extrapolation.source import AbstractSource
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.samples import Samples, SampleStore
from metagnn.studies.rivals.media_contestants import CONTESTANTS, Effort, Problem

SETTINGS = {
    "labelled": "trained on every target of the table",
    "growth_only": "trained on growth alone",
}
"""What the training media come with, in words."""


REPETITIONS = Repetitions(1, 5, 10)


@dataclass(frozen=True, eq=False)
class SplitSamples:
    """Samples, divided.

    Attributes:
        network: The network.
        samples: All of them.
        split: Which train and which test.
    """

    network: MetabolicNetwork
    samples: Samples
    split: Split


@dataclass(frozen=True)
class Extrapolation(AbstractExperiment):
    """A split in a setting.

    Attributes:
        name: Setting and split, such as "growth_only.few_to_many": path of its results, and name of its runs' files.
        source: Where the samples come from.
        effort: How much work every model may put in.
        repetitions: How often it is repeated.
    """

    name: str
    source: AbstractSource
    effort: Effort = field(default_factory=Effort)
    repetitions: Repetitions = REPETITIONS

    @property
    def setting(self) -> str:
        """What the training media come with: a key of `SETTINGS`."""
        return self.name.partition(".")[0]

    @property
    def split(self) -> str:
        """How the media are divided: a key of `SPLITS`."""
        return self.name.partition(".")[2]

    def contestants(self, size: str) -> tuple[str, ...]:
        """All of them."""
        return tuple(CONTESTANTS)

    def settings(self) -> dict[str, Any]:
        """The samples, and the budget of the regressions."""
        tuning = self.effort.tuning
        return self.source.settings() | {
            "epochs": self.effort.training.epochs,
            "inner_cross_validation": {"candidates": tuning.candidates, "folds": tuning.folds},
        }

    def data(self, store: SampleStore, seed: int) -> SplitSamples:
        """The samples of a seed and their split."""
        network, samples = store.network(self.source.model), self.source.samples(store, seed)
        return SplitSamples(network, samples, split_media(network, samples.media, self.split, seed))

    def run(self, contestant: str, data: SplitSamples, seed: int) -> Run:
        """Train on the training media, answer on the test media; one contestant may answer as several models."""
        network, media, split = data.network, data.samples.media, data.split
        targets = data.samples.fluxes
        learned = targets[[network.growth_reaction]] if self.setting == "growth_only" else targets
        train = Samples(media.iloc[split.train], learned.iloc[split.train])
        problem = Problem(network, train, media.iloc[split.test], self.effort)
        started = time.perf_counter()
        answers = CONTESTANTS[contestant](problem, seed)
        seconds = time.perf_counter() - started
        observed = problem.fill(list(targets.columns), targets.iloc[split.test].to_numpy())
        bounds = problem.bounds(problem.media)
        growth = network.reaction_index(network.growth_reaction)
        return Run(
            {
                "models": {
                    model: score_extrapolation(network, bounds, observed, fluxes) for model, fluxes in answers.items()
                },
                "held_out": split.held_out,
                "train_media": len(split.train),
                "test_media": len(split.test),
                "seconds": seconds,
            },
            {"observed": observed[:, growth]} | {model: fluxes[:, growth] for model, fluxes in answers.items()},
            pd.DataFrame(),
        )

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Every metric's median and range over the seeds, under setting, split, and model."""
        models: dict[str, Any] = {}
        for scores in runs.values():
            for model in scores[0]["models"]:
                per_seed = [run["models"][model] for run in scores]
                models[model] = {metric: spread_of([run[metric] for run in per_seed]) for metric in per_seed[0]}
        return {self.setting: {self.split: models}}


def spread_of(values: Sequence[float | None]) -> dict[str, float | None]:
    """Median, smallest and largest; None for all three where a value is missing."""
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values) or not numbers:
        return dict.fromkeys(("median", "min", "max"))
    return {"median": float(np.median(numbers)), "min": min(numbers), "max": max(numbers)}
