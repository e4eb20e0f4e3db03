"""Compare training with the feed-forward rival: time, memory, and errors on held-out media."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metagnn.datasets.media import uniform_media
from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.studies.benchmarks.labels import RANGES
from metagnn.studies.harness.comparison import Comparison, compare_errors, comparison_table, write_comparisons
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.peak_memory import PeakMemory
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.samples import Samples, SampleStore, TrainTest
from metagnn.studies.harness.scores import score_unseen
from metagnn.studies.harness.study import StudyOptions, run_study
from metagnn.studies.rivals.feed_forward import FeedForwardConfig
from metagnn.studies.rivals.problem import Effort, Problem
from metagnn.studies.rivals.registry import RIVALS
from metagnn.training.config import TrainingConfig

CONTESTANTS = ("flux_gnn", "mlp")

MEASURED = {
    "growth_q2": ("1 − R² of growth", "1 − R²"),
    "median_flux_q2": ("1 − R² of the median flux", "1 − R²"),
    "max_abs_sv": ("max |S·v|", "mmol/gDW/h"),
    "max_bound_violation": ("worst bound violation", "mmol/gDW/h"),
}
"""Scores that are reported, with name and unit of their row."""

ONCE = Repetitions(1, 1, 1)


def _effort(config: FluxGNNConfig, training: TrainingConfig) -> Effort:
    """The work of our model; the rival, projected in the metric 1/σ², gets 200 epochs of batches of 32."""
    rival = TrainingConfig(epochs=200, batch_size=32, learning_rate=3e-3, gradient_clip=1.0)
    return Effort(training, config, rival, FeedForwardConfig(metric="spread"))


@dataclass(frozen=True)
class Training(AbstractExperiment):
    """Train both models on parsimonious fluxes of one network; score them on held-out media.

    Attributes:
        name: Name of the network, and start of the names of its runs' files.
        train: Number of training media.
        test: Number of held-out media.
        effort: Sizes and training of both models.
        repetitions: Number of seeds.
    """

    name: str
    train: int
    test: int
    effort: Effort
    repetitions: Repetitions = ONCE

    def contestants(self, size: str) -> tuple[str, ...]:
        """FluxGNN, and the feed-forward network."""
        return CONTESTANTS

    def settings(self) -> dict[str, Any]:
        """The samples and the training."""
        return dataclasses.asdict(self)

    def data(self, store: SampleStore, seed: int) -> TrainTest:
        """Draw media and label them; infeasible media are left out of the test media."""
        network = store.network(self.name)
        media = uniform_media(RANGES[self.name], self.train + self.test, seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = simulate_fluxes(network, media, "pfba")
        samples = Samples(media[labels.feasible], labels.fluxes[labels.feasible])
        return TrainTest(network, samples.rows(slice(self.train)), samples.rows(slice(self.train, None)))

    def run(self, contestant: str, data: TrainTest, seed: int) -> Run:
        """Train, with time and memory at its highest, and predict; labels are not counted."""
        problem, peak, started = Problem(data.network, data.train, self.effort), PeakMemory(), time.perf_counter()
        fitted = RIVALS[contestant](problem, seed)
        scores: Scores = {"seconds": time.perf_counter() - started, "memory": peak.mebibytes()}
        media, truth = data.test.media, data.test.fluxes.to_numpy()
        answers = {
            name: score_unseen(data.network, problem.bounds(media), truth, fluxes)
            for name, fluxes in fitted.predict(media).items()
        }
        return Run(scores | {"media": [len(data.train.media), len(media)], "answers": answers})

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Comparisons of training time and memory, then of every error under both constraints."""
        ours, theirs = (runs[name] for name in CONTESTANTS)
        train, test = ours[0]["media"]
        what = f"training on {train} media: FluxGNN / MLP"
        rows = [
            compare_errors((text, self.name, unit), [run[key] for run in ours], [run[key] for run in theirs])
            for key, text, unit in (("seconds", what, "s"), ("memory", f"memory of {what}", "MiB"))
        ]
        for constraint in ours[0]["answers"]:
            for key, (text, unit) in MEASURED.items():
                case = (f"{text}, {test} media: {constraint} / MLP", self.name, unit)
                errors = (
                    [_error(run["answers"][name][key], unit) for run in by]
                    for name, by in ((constraint, ours), ("", theirs))
                )
                rows.append(compare_errors(case, *errors))
        return {"comparisons": {self.name: rows}}


def _error(score: float | None, unit: str) -> float:
    value = np.nan if score is None else score
    return 1.0 - value if unit == "1 − R²" else value


GENOME_SCALE = FluxGNNConfig(steps=24), TrainingConfig(epochs=40, learning_rate=1e-2)
"""Sizes and training of the model that learns iJO1366."""

CASES = (
    Training("e_coli_core", 300, 500, _effort(FluxGNNConfig(), TrainingConfig())),
    Training("iJO1366", 1000, 500, _effort(*GENOME_SCALE)),
)
QUICK = (Training("e_coli_core", 40, 40, _effort(FluxGNNConfig(8, 1, 8), TrainingConfig(epochs=2))),)


def study_training(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Compare FluxGNN with a feed-forward network that is projected in the metric 1/σ², on the same samples.

    Labels are parsimonious fluxes. Rows of errors hold 1 − R², |S·v| and bound violations; rows of time and of memory
    at its highest count the training, without the labels. Flux balance analysis makes the labels, and so has none of
    these errors.
    """

    def rows_of(results: dict[str, Any]) -> list[Comparison]:
        return [row for rows in results["comparisons"].values() for row in rows]

    def write(results: dict[str, Any], place: Path) -> None:
        write_comparisons("training", place, rows_of(results))

    results = run_study(folder, QUICK if options.quick else CASES, options, progress, write)
    return [comparison_table("training", rows_of(results))]
