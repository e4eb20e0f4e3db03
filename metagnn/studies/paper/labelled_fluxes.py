"""Fluxes from labelled media: train on some ranges of media, test on the same or others."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.samples import TEST_SEED, SampleRecipe, SampleStore, TrainTest
from metagnn.studies.harness.scores import score_fluxes, spread
from metagnn.studies.rivals.problem import Effort, Problem
from metagnn.studies.rivals.registry import RIVALS

CONTESTANTS = ("flux_gnn_steady_state", "flux_gnn_soft", "mlp", "ridge", "quadratic_ridge", "mean")

REPETITIONS = Repetitions(1, 5, 10)


@dataclass(frozen=True)
class LabelledFluxes(AbstractExperiment):
    """Learn from complete flux labels, predict complete fluxes.

    Attributes:
        name: Path of its results, and start of the names of its runs' files.
        samples: Media, labels, and how many.
        effort: How much work every model may put in.
        repetitions: Number of seeds.
    """

    name: str
    samples: SampleRecipe
    effort: Effort = field(default_factory=Effort)
    repetitions: Repetitions = REPETITIONS

    def contestants(self, size: str) -> tuple[str, ...]:
        """FluxGNN under both constraints, the feed-forward network, and the regressions."""
        return CONTESTANTS

    def settings(self) -> dict[str, Any]:
        """How the samples are drawn."""
        return dataclasses.asdict(self.samples)

    def data(self, store: SampleStore, seed: int) -> TrainTest:
        """Draw the training media of the seed; the test media are those of every seed."""
        s = self.samples
        return TrainTest(
            store.network(s.model),
            store.samples(s.model, s.train_ranges, s.train_samples, s.method, seed),
            store.samples(s.model, s.test_ranges, s.test_samples, s.method, TEST_SEED),
        )

    def run(self, contestant: str, data: TrainTest, seed: int) -> Run:
        """Train and predict."""
        media, observed = data.test.media, data.test.fluxes.to_numpy()
        problem, started = Problem(data.network, data.train, self.effort), time.perf_counter()
        fitted = RIVALS[contestant](problem, seed)
        seconds = time.perf_counter() - started
        (fluxes,) = fitted.predict(media).values()
        scores = score_fluxes(data.network, problem.bounds(media), observed, fluxes) | {"train_seconds": seconds}
        return Run(scores, {"observed": observed, "predicted": fluxes}, fitted.history)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Every score's median and range, under the path of the name."""
        tree: dict[str, Any] = {contestant: spread(scores) for contestant, scores in runs.items()}
        for part in reversed(self.name.split(".")):
            tree = {part: tree}
        return tree


LABELLED = LabelledFluxes(
    "internal_fluxes.labelled",
    SampleRecipe("e_coli_core", "min_norm", 100, 500, E_COLI_CORE_RANGES, E_COLI_CORE_RANGES),
)
"""Internal fluxes from labels: train and test on media of the same ranges."""

THRESHOLD = 3.0
"""Glucose uptake below which media are trained on, and above which they are tested [mmol/gDW/h]."""

UNSEEN = LabelledFluxes(
    "unseen_media",
    SampleRecipe(
        "e_coli_core",
        "min_norm",
        100,
        500,
        E_COLI_CORE_RANGES | {"EX_glc__D_e": (0.0, THRESHOLD)},
        E_COLI_CORE_RANGES | {"EX_glc__D_e": (THRESHOLD, E_COLI_CORE_RANGES["EX_glc__D_e"][1])},
    ),
)
"""Extrapolation: train on little glucose, test on more than any training medium has."""
