"""Try trained models where they were not trained: without reactions never missed in training, on other networks."""

from __future__ import annotations

import dataclasses
import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.benchmarks.training import GENOME_SCALE
from metagnn.studies.benchmarks.transfer_cases import Origin, Trial, core_origin, genome_scale_origin
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.samples import Samples, SampleStore
from metagnn.studies.harness.scores import spread, varying_fluxes
from metagnn.studies.harness.study import StudyOptions, run_study
from metagnn.studies.rivals.flux_gnn import predict_under, train_flux_gnn
from metagnn.studies.rivals.problem import Effort
from metagnn.training.config import TrainingConfig
from metagnn.training.metrics import r2_per_flux

EXACT = ", exact layer"

TRAINED = {"flux_gnn augmented": "augmented", "flux_gnn not augmented": "plain", "untrained": "plain"}
"""Models that are trained, and the media that they learn from."""

FBA, UNCHANGED = "FBA", "ignore the change"

ORIGINS: dict[str, Callable[[int, int, int], Origin]] = {"e_coli_core": core_origin, "iJO1366": genome_scale_origin}

REPETITIONS = Repetitions(1, 3, 3)


@dataclass(frozen=True, eq=False)
class TransferData:
    """Where models are trained and tried, with labels.

    Attributes:
        origin: Network, media and trials.
        train: Labelled training media with and without knockouts, by their name in `TRAINED`.
        expected: Labels of every trial; media that cannot feed the cell are left out.
    """

    origin: Origin
    train: Mapping[str, Samples]
    expected: tuple[pd.DataFrame, ...]


@dataclass(frozen=True)
class Transfer(AbstractExperiment):
    """Train on one network, and try the models elsewhere.

    "flux_gnn augmented" learns from media half of which have random knockouts, "flux_gnn not augmented" from as many
    wild types; both answer under "steady_state", as the network alone does, and with the exact layer, which finds the
    largest growth by itself; "untrained" shows what that layer does alone. "ignore the change" is the exact flux on
    the network of the training. "FBA" makes the labels, and shows the time of solving every sample.
    Whole groups of reactions that always move together are held out: missing one of a group is missing all.

    Attributes:
        name: Network and labels, such as "e_coli_core-pfba": start of the names of its runs' files.
        media: Number of training samples.
        test_media: Number of test samples.
        effort: Sizes and training of the model.
        repetitions: Number of seeds, each with reactions of its own held out.
    """

    name: str
    media: int = 1000
    test_media: int = 300
    effort: Effort = field(default_factory=Effort)
    repetitions: Repetitions = REPETITIONS

    @property
    def labels(self) -> str:
        """Which optimum is learned: "min_norm" or "pfba"."""
        return self.name.partition("-")[2]

    def contestants(self, size: str) -> tuple[str, ...]:
        """FBA, the trained models, and the exact flux on the wrong network."""
        return (FBA, *TRAINED, UNCHANGED)

    def quick(self) -> Transfer:
        """Train and test hardly anything."""
        effort = Effort(TrainingConfig(epochs=2), FluxGNNConfig(4, 1, 6))
        return dataclasses.replace(self, media=40, test_media=20, effort=effort)

    def settings(self) -> dict[str, Any]:
        """Samples and training."""
        return dataclasses.asdict(self)

    def data(self, store: SampleStore, seed: int) -> TransferData:
        """Draw media and trials, and label them."""
        origin = ORIGINS[self.name.partition("-")[0]](self.media, self.test_media, seed)
        train = {}
        for name, media in (("augmented", origin.augmented), ("plain", origin.plain)):
            labels = _label(origin.network, media, self.labels)
            train[name] = Samples(media.loc[labels.index], labels)
        expected = tuple(_label(trial.target, trial.test, self.labels) for trial in origin.trials)
        return TransferData(origin, train, expected)

    def run(self, contestant: str, data: TransferData, seed: int) -> Run:
        """Train where there is something to train, and score every trial."""
        predictor = None
        if contestant in TRAINED:
            effort = self.effort
            if contestant == "untrained":
                nothing = dataclasses.replace(effort.training, epochs=1, learning_rate=1e-12)
                effort = dataclasses.replace(effort, training=nothing)
            samples = data.train[TRAINED[contestant]]
            predictor = train_flux_gnn(data.origin.network, samples, "polytope", effort, seed)
        scores: Scores = {}
        for trial, expected in zip(data.origin.trials, data.expected, strict=True):
            if predictor is not None:
                scores[trial.name] = _try_predictor(contestant, predictor, data.origin.network, trial, expected)
            else:
                solve = _solve_trial if contestant == FBA else _solve_origin
                scores[trial.name] = {contestant: solve(data.origin.network, trial, expected, self.labels)}
        return Run(scores)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Median and range of every score by labels, trial and model."""
        tree: dict[str, Any] = {}
        for scores in runs.values():
            for trial, models in scores[0].items():
                for model in models:
                    found = spread([run[trial][model] for run in scores])
                    tree.setdefault(trial, {})[model] = found
        return {"labels": {self.name: tree}}


def study_transfer(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Score models where they were not trained, and write `transfer.json`: triples are median, smallest and largest.

    The full form also trains on iJO1366 and applies to Salmonella; half an hour.
    """
    experiments = [Transfer(f"e_coli_core-{labels}") for labels in ("min_norm", "pfba")]
    if options.size == "full":
        config, training = GENOME_SCALE
        experiments.append(Transfer("iJO1366-pfba", effort=Effort(training, config)))

    def write(results: dict[str, Any], place: Path) -> None:
        (place / "transfer.json").write_bytes(json.dumps(_rows(results), indent=2).encode())

    rows = _rows(run_study(folder, experiments, options, progress, write))
    cells = (
        (
            *(row["trial"], row["labels"], row["model"], _triple(row["growth_r2"]), _triple(row["median_flux_r2"])),
            *(f"{row['microseconds'][0]:.0f}", f"{row['answered']:.1%}"),
        )
        for row in rows
    )
    header = ("tried on", "labels", "model", "growth R²", "median flux R²", "µs per sample", "answered")
    return [ResultTable("transfer: median over the seeds (smallest – largest)", header, tuple(cells))]


def _rows(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"trial": trial, "labels": name.partition("-")[2], "model": model}
        | {key: list(found[key].values()) for key in ("growth_r2", "median_flux_r2", "microseconds")}
        | {"answered": found["answered"]["min"]}
        for name, trials in results["labels"].items()
        for trial, models in trials.items()
        for model, found in models.items()
    ]


def _triple(values: Sequence[float]) -> str:
    median, low, high = (f"{value:.4f}" for value in values)
    return f"{median} ({low} – {high})"


def _label(network: MetabolicNetwork, media: pd.DataFrame, labels: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        # Some media cannot feed the cell, most of all without a reaction: they are left out.
        warnings.simplefilter("ignore")
        solved = simulate_fluxes(network, media, labels)
    return solved.fluxes[solved.feasible]


def _try_predictor(
    name: str, trained: FluxPredictor, source: MetabolicNetwork, trial: Trial, expected: pd.DataFrame
) -> Scores:
    """Score both constraints: trained alike, they differ in the last operation only."""
    test = trial.test.loc[expected.index]
    predictor = trained if trial.target is source else trained.apply_to(trial.target, test)
    scores: Scores = {}
    for suffix, constraint in (("", "steady_state"), (EXACT, "polytope")):
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fluxes = predict_under(predictor, constraint, test)
        seconds = (time.perf_counter() - started) / len(test)
        scores[name + suffix] = _score(trial.target, expected, fluxes, seconds)
    return scores


def _solve_trial(source: MetabolicNetwork, trial: Trial, expected: pd.DataFrame, labels: str) -> Scores:
    started = time.perf_counter()
    fluxes = _label(trial.target, trial.test, labels)
    return _score(trial.target, expected, fluxes, (time.perf_counter() - started) / len(trial.test))


def _solve_origin(source: MetabolicNetwork, trial: Trial, expected: pd.DataFrame, labels: str) -> Scores:
    """Score the exact flux on the network of the training; a reaction that it lacks is taken to carry nothing."""
    wild_type = trial.test.loc[expected.index].drop(columns="knockout", errors="ignore")
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unchanged = simulate_fluxes(source, wild_type, labels).fluxes.rename(columns=dict(trial.renamed))
    seconds = (time.perf_counter() - started) / len(wild_type)
    return _score(trial.target, expected, unchanged.reindex(columns=expected.columns, fill_value=0.0), seconds)


def _score(network: MetabolicNetwork, expected: pd.DataFrame, fluxes: pd.DataFrame, seconds: float) -> Scores:
    """Score one model in one trial; a sample without an answer is scored as zero flux."""
    r2 = pd.Series(r2_per_flux(expected.to_numpy(), fluxes.fillna(0.0).to_numpy()), expected.columns)
    return {
        "growth_r2": float(r2[network.growth_reaction]),
        "median_flux_r2": float(r2[varying_fluxes(expected.to_numpy())].median()),
        "microseconds": 1e6 * seconds,
        "answered": float(fluxes.notna().all(axis=1).mean()),
    }
