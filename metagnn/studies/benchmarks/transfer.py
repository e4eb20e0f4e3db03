"""A trained model where it was not trained: without reactions that training never missed, and on other networks."""

from __future__ import annotations

import dataclasses
import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.simulate import simulate_fluxes
from metagnn.files.output import replace_file
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.benchmarks.training import GENOME_SCALE
from metagnn.studies.benchmarks.transfer_cases import Origin, Trial, core_origin, genome_scale_origin
from metagnn.studies.harness.flux_scores import VARIES
from metagnn.studies.harness.runs import claim_runs
from metagnn.training.config import TrainingConfig
from metagnn.training.metrics import r2_per_flux

EXACT = ", exact layer"

Progress = Callable[[int, int], object]
Scores = tuple[float, float, float, float]
"""R² of growth, median R² of the fluxes that vary, time of a sample [µs], share of the samples answered."""


@dataclass(frozen=True)
class Effort:
    """How much is trained and tested.

    Attributes:
        media: Training samples.
        test_media: Test samples.
        seeds: Repetitions, each with reactions of its own held out.
        config: The model.
        training: Its training.
    """

    media: int = 1000
    test_media: int = 300
    seeds: int = 3
    config: FluxGNNConfig = dataclasses.field(default_factory=FluxGNNConfig)
    training: TrainingConfig = dataclasses.field(default_factory=TrainingConfig)


QUICK = Effort(40, 20, 1, FluxGNNConfig(4, 1, 6), TrainingConfig(epochs=2))

RUNS = "runs"


@dataclass(frozen=True)
class TransferScore:
    """One model in one trial; triples are the median, the smallest and the largest of the seeds.

    Attributes:
        trial: What differs between training and test.
        labels: Which optimum is learned: "min_norm" or "pfba".
        model: Which model.
        growth_r2: R² of growth.
        median_flux_r2: Median R² of the fluxes that vary.
        microseconds: Time of one test sample [µs].
        answered: Smallest share of the test samples that got an answer; the others are scored as zero flux.
    """

    trial: str
    labels: str
    model: str
    growth_r2: tuple[float, float, float]
    median_flux_r2: tuple[float, float, float]
    microseconds: tuple[float, float, float]
    answered: float


@dataclass(frozen=True)
class _Job:
    """What is trained on one seed after another."""

    name: str
    draw: Callable[[int, int, int], Origin]
    labels: str
    effort: Effort


def _jobs(quick: bool, full: bool) -> Iterator[_Job]:
    for labels in ("min_norm", "pfba"):
        yield _Job(f"e_coli_core-{labels}", core_origin, labels, QUICK if quick else Effort())
    if full:
        yield _Job("iJO1366-pfba", genome_scale_origin, "pfba", QUICK if quick else _genome_scale())


def _genome_scale() -> Effort:
    config, training = GENOME_SCALE
    return Effort(config=config, training=training)


def measure_transfer(
    folder: Path,
    seed: int = 0,
    progress: Progress | None = None,
    quick: bool = False,
    full: bool = False,
    resume: bool = False,
) -> list[TransferScore]:
    """Score models where they were not trained, into `transfer.json`.

    "flux_gnn augmented" learned from media half of which had random knockouts, "flux_gnn not augmented" from as many
    wild types; both as the network alone answers ("steady_state"), and with the exact layer, which finds the largest
    growth by itself; "untrained" with that layer is therefore among them. "ignore the change" is the exact flux on
    the network of the training. "FBA" solves every sample, is right by construction, and is there for its time.
    What is held out goes by groups of reactions that always move together: missing one is missing all.

    Args:
        folder: Where to write; every seed as soon as it is done, into `runs`.
        seed: The first seed.
        progress: Called with how many trainings are done, and of how many.
        quick: One seed and hardly any training, to see that it runs.
        full: Also train on iJO1366 and apply to Salmonella; half an hour.
        resume: Keep the seeds that a killed run finished.

    Raises:
        FolderError: `resume`, and the folder holds runs of other settings.
    """
    jobs = list(_jobs(quick, full))
    settings = {job.name: dataclasses.asdict(job.effort) for job in jobs}
    claim_runs(folder / RUNS, {"first_seed": seed, "jobs": settings}, keep=resume)
    runs: dict[tuple[str, str, str], list[Scores]] = {}
    report, done = progress or (lambda done, total: None), 0
    total = sum(job.effort.seeds for job in jobs)
    with warnings.catch_warnings():
        # Some media cannot feed the cell, most of all without a reaction: they are left out.
        warnings.simplefilter("ignore")
        for job in jobs:
            for number in range(seed, seed + job.effort.seeds):
                for trial, model, scores in _finished(folder / RUNS / f"{job.name}-{number}.json", job, number):
                    runs.setdefault((trial, job.labels, model), []).append(scores)
                done += 1
                report(done, total)
    rows = [_summary(*key, scores) for key, scores in runs.items()]
    replace_file(folder / "transfer.json", json.dumps([dataclasses.asdict(row) for row in rows], indent=2).encode())
    return rows


def _finished(path: Path, job: _Job, seed: int) -> list[tuple[str, str, Scores]]:
    """Trial, model and scores of one seed: from its file, or made and written there."""
    if not path.is_file():
        effort = job.effort
        scores = list(_run(job.draw(effort.media, effort.test_media, seed), job.labels, seed, effort))
        replace_file(path, json.dumps(scores).encode())
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        (trial, model, (growth, flux, seconds, answered)) for trial, model, (growth, flux, seconds, answered) in rows
    ]


def _run(origin: Origin, labels: str, seed: int, effort: Effort) -> Iterator[tuple[str, str, Scores]]:
    """Trial, model and scores."""
    predictors = {}
    untrained = dataclasses.replace(effort.training, epochs=1, learning_rate=1e-12)
    for name, media, training in (
        ("flux_gnn augmented", origin.augmented, effort.training),
        ("flux_gnn not augmented", origin.plain, effort.training),
        ("untrained", origin.plain, untrained),
    ):
        learned = _feasible(origin.network, media, labels)
        predictor = FluxPredictor(
            origin.network, constraint="polytope", seed=seed, config=effort.config, training=training
        )
        predictors[name] = predictor.fit(media.loc[learned.index], learned, progress=False)
    for trial in origin.trials:
        for model, scores in _try(origin.network, trial, labels, predictors):
            yield trial.name, model, scores


def _feasible(network: MetabolicNetwork, media: pd.DataFrame, labels: str) -> pd.DataFrame:
    solved: FluxSolutions = simulate_fluxes(network, media, labels)
    return solved.fluxes[solved.feasible]


def _try(
    source: MetabolicNetwork, trial: Trial, labels: str, predictors: dict[str, FluxPredictor]
) -> Iterator[tuple[str, Scores]]:
    started = time.perf_counter()
    expected = _feasible(trial.target, trial.test, labels)
    yield "FBA", _score(trial.target, expected, expected, (time.perf_counter() - started) / len(trial.test))
    test = trial.test.loc[expected.index]
    for name, trained in predictors.items():
        predictor = trained if trial.target is source else trained.apply_to(trial.target, test)
        for suffix, constraint in (("", "steady_state"), (EXACT, "polytope")):
            # The two are trained alike and differ in the last operation only.
            predictor.model.constraint = constraint
            started = time.perf_counter()
            fluxes = predictor.predict(test)
            yield name + suffix, _score(trial.target, expected, fluxes, (time.perf_counter() - started) / len(test))
    wild_type = test.drop(columns="knockout", errors="ignore")
    started = time.perf_counter()
    unchanged = simulate_fluxes(source, wild_type, labels).fluxes.rename(columns=dict(trial.renamed))
    seconds = (time.perf_counter() - started) / len(test)
    # A reaction that the network of the training lacks is taken to carry nothing.
    known = unchanged.reindex(columns=expected.columns, fill_value=0.0)
    yield "ignore the change", _score(trial.target, expected, known, seconds)


def _score(network: MetabolicNetwork, expected: pd.DataFrame, fluxes: pd.DataFrame, seconds: float) -> Scores:
    answered = fluxes.notna().all(axis=1)
    r2 = pd.Series(r2_per_flux(expected.to_numpy(), fluxes.fillna(0.0).to_numpy()), expected.columns)
    varies = expected.std(ddof=0) > VARIES
    return float(r2[network.growth_reaction]), float(r2[varies].median()), 1e6 * seconds, float(answered.mean())


def _summary(trial: str, labels: str, model: str, runs: Sequence[Scores]) -> TransferScore:
    values = np.array(runs)
    growth, fluxes, times = (
        (float(np.median(column)), float(column.min()), float(column.max())) for column in values[:, :3].T
    )
    return TransferScore(trial, labels, model, growth, fluxes, times, float(values[:, 3].min()))
