"""One split with one kind of labels, as an experiment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metagnn.datasets.extrapolation import split_media
from metagnn.studies.extrapolation.source import AbstractSource
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.samples import Samples, SampleStore, TrainTest
from metagnn.studies.harness.scores import score_unseen, spread
from metagnn.studies.rivals.problem import Effort, Problem, Rival
from metagnn.studies.rivals.registry import RIVALS
from metagnn.studies.rivals.regressions import Tuning

LABELS = {
    "labelled": "trained on every target of the table",
    "growth_only": "trained on growth alone",
}
"""What the training media come with, in words."""

CONTESTANTS: dict[str, Rival] = {
    "balance_mlp" if name == "mlp" else name: rival for name, rival in RIVALS.items() if name != "flux_gnn_steady_state"
}
"""Rivals by the names of their results; FluxGNN answers under both exact constraints after one training."""

MODELS = ("flux_gnn_polytope", "flux_gnn_steady_state", *list(CONTESTANTS)[1:])
"""Every model in the order of the tables."""

REPETITIONS = Repetitions(1, 5, 10)


@dataclass(frozen=True)
class Extrapolation(AbstractExperiment):
    """A split with a kind of labels.

    Attributes:
        name: Labels and split, such as "growth_only.few_to_many": path of its results, and start of the names of its
            runs' files.
        source: Where the samples come from.
        effort: How much work every model may put in.
        repetitions: Number of seeds.
    """

    name: str
    source: AbstractSource
    effort: Effort = field(default_factory=lambda: Effort(tuning=Tuning()))
    repetitions: Repetitions = REPETITIONS

    @property
    def labels(self) -> str:
        """What the training media come with: a key of `LABELS`."""
        return self.name.partition(".")[0]

    @property
    def split(self) -> str:
        """How the media are divided: a key of `SPLITS`."""
        return self.name.partition(".")[2]

    def contestants(self, size: str) -> tuple[str, ...]:
        """All of them."""
        return tuple(CONTESTANTS)

    def settings(self) -> dict[str, Any]:
        """The samples, and the budget of the models."""
        tuning = self.effort.tuning or Tuning()
        return self.source.settings() | {
            "epochs": self.effort.training.epochs,
            "inner_cross_validation": {"candidates": tuning.candidates, "folds": tuning.folds},
        }

    def data(self, store: SampleStore, seed: int) -> TrainTest:
        """Divide the samples of a seed."""
        samples = self.source.samples(store, seed)
        network = store.network(self.source.model, self.source.growth)
        split = split_media(network, samples.media, self.split, seed)
        return TrainTest(network, samples.rows(split.train), samples.rows(split.test), split.held_out)

    def run(self, contestant: str, data: TrainTest, seed: int) -> Run:
        """Train on the training media, predict the test media; a contestant may answer under several constraints."""
        network, train, test = data.network, data.train, data.test
        learned = train.fluxes[[network.growth_reaction]] if self.labels == "growth_only" else train.fluxes
        problem, started = Problem(network, Samples(train.media, learned), self.effort), time.perf_counter()
        fitted = CONTESTANTS[contestant](problem, seed)
        predicted = fitted.predict(test.media)
        seconds = time.perf_counter() - started
        answers = {f"{contestant}_{name}".removesuffix("_"): fluxes for name, fluxes in predicted.items()}
        observed = problem.fill(list(test.fluxes.columns), test.fluxes.to_numpy())
        bounds, growth = problem.bounds(test.media), network.reaction_index(network.growth_reaction)
        scores: Scores = {
            "models": {name: score_unseen(network, bounds, observed, fluxes) for name, fluxes in answers.items()},
            "held_out": data.held_out,
            "train_media": len(train.media),
            "test_media": len(test.media),
            "seconds": seconds,
        }
        arrays = {"observed": observed[:, growth]} | {name: fluxes[:, growth] for name, fluxes in answers.items()}
        return Run(scores, arrays, fitted.history)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Median and range of every metric by labels, split and model; and what the split held out."""
        models = {
            model: spread([run["models"][model] for run in scores])
            for scores in runs.values()
            for model in scores[0]["models"]
        }
        first = next(iter(runs.values()))
        described = {
            "held_out": list(dict.fromkeys(run["held_out"] for run in first)),
            "train_media": [run["train_media"] for run in first],
            "test_media": [run["test_media"] for run in first],
        }
        ordered = {model: models[model] for model in MODELS if model in models}
        return {self.labels: {self.split: ordered}, "settings": {"splits": {self.split: described}}}
