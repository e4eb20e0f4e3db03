"""Find hidden CO2, and internal fluxes without labels, from noisy exchange rates and growth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.measured_rates import (
    CO2,
    METHOD,
    MODEL,
    NOISE,
    SELDOM_MEASURED,
    TEST_SAMPLES,
    TRAIN_SAMPLES,
    RatesTask,
    draw_task,
)
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.scores import score_fluxes, spread
from metagnn.studies.rivals.rate_rivals import (
    Answer,
    balance_mlp,
    carbon_and_electron_balance,
    carbon_balance,
    flux_gnn,
    reconciliation,
)

INTERNAL = "internal_"
"""Prefix of the paper's network (c), whose results are reported under the name of network (b)."""

CONTESTANTS: dict[str, Callable[[RatesTask, int], Answer]] = {
    "flux_gnn": flux_gnn,
    "flux_gnn_soft": lambda task, seed: flux_gnn(task, seed, "soft"),
    "balance_mlp_as_described": lambda task, seed: balance_mlp(task, seed, False, ("co2",)),
    "balance_mlp_tuned": lambda task, seed: balance_mlp(task, seed, True, ("co2",)),
    "internal_balance_mlp_as_described": lambda task, seed: balance_mlp(task, seed, False, ("co2", "internal")),
    "internal_balance_mlp_tuned": lambda task, seed: balance_mlp(task, seed, True, ("co2", "internal")),
    "carbon_balance": carbon_balance,
    "carbon_and_electron_balance": carbon_and_electron_balance,
    "reconciliation": reconciliation,
    "reconciliation_with_growth": lambda task, seed: reconciliation(task, seed, with_growth=True),
}

ERRORS: dict[str, Callable[[np.ndarray], Any]] = {
    "median_relative_error": np.median,
    "mean_relative_error": np.mean,
    "p90_relative_error": lambda errors: np.quantile(errors, 0.9),
}

REPETITIONS = Repetitions(1, 3, 10)


@dataclass(frozen=True)
class HiddenCO2(AbstractExperiment):
    """Predict CO2 that no model sees; growth is a target of training, internal fluxes are not.

    Attributes:
        name: Path of its results, and start of the names of its runs' files.
        known: Whether the composition of biomass is known.
        hidden: Exchanges that were not measured.
        repetitions: Number of seeds.
    """

    name: str
    known: bool = True
    hidden: tuple[str, ...] = (CO2,)
    repetitions: Repetitions = REPETITIONS

    @property
    def with_internal(self) -> bool:
        """Whether internal fluxes are reported too."""
        return self.known and self.hidden == (CO2,)

    def contestants(self, size: str) -> tuple[str, ...]:
        """Every contestant whose prediction is reported."""
        if self.with_internal:
            return tuple(CONTESTANTS)
        # Water, protons and phosphate hold no carbon: the carbon balance of the paper's networks does without them.
        paper = () if self.hidden == (CO2,) else ("balance_mlp",)
        return tuple(name for name in CONTESTANTS if not name.startswith((INTERNAL, "flux_gnn_soft", *paper)))

    def settings(self) -> dict[str, Any]:
        """Data, noise, and what is hidden."""
        return {
            "model": MODEL,
            "method": METHOD,
            "noise": NOISE,
            "train_samples": TRAIN_SAMPLES,
            "test_samples": TEST_SAMPLES,
            "hidden": list(self.hidden),
            "known_composition": self.known,
        }

    def data(self, store: SampleStore, seed: int) -> RatesTask:
        """Draw noisy training samples of the seed; the noisy test samples are those of every seed."""
        return draw_task(store, seed, self.hidden, known=self.known)

    def run(self, contestant: str, data: RatesTask, seed: int) -> Run:
        """Train and predict; score against the truth without noise."""
        answer = CONTESTANTS[contestant](data, seed)
        truth = data.test.truth.to_numpy()
        co2 = data.network.reaction_index(CO2)
        scores: Scores = {"co2": _errors(answer.co2, truth[:, co2]), "steps": answer.steps}
        if contestant == "flux_gnn_soft":
            scores["co2_exchange"] = _errors(answer.fluxes[:, co2], truth[:, co2])
        if self.with_internal:
            conditions = data.conditions(data.test)
            bounds = conditions.lower.numpy(), conditions.upper.numpy()
            complete = ~np.isnan(answer.fluxes).all(axis=0)
            if complete.all():
                scores["fluxes"] = score_fluxes(answer.network, bounds, truth, answer.fluxes)
                scores["fluxes"]["train_seconds"] = answer.train_seconds
        arrays = {"observed": truth[:, co2], "predicted": answer.co2}
        return Run(scores, arrays, answer.history)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Errors of CO2, median and range over the seeds, and scores of the internal fluxes."""
        co2: dict[str, Any] = {}
        fluxes: dict[str, Any] = {}
        for name, scores in runs.items():
            if not name.startswith(INTERNAL):
                co2[name] = _over_seeds([run["co2"] for run in scores]) | {"steps": scores[0]["steps"]}
            if "co2_exchange" in scores[0]:
                co2[f"{name}_exchange"] = _over_seeds([run["co2_exchange"] for run in scores])
            if "fluxes" in scores[0]:
                fluxes[name.removeprefix(INTERNAL)] = spread([run["fluxes"] for run in scores])
        tree: dict[str, Any] = {"hidden_co2": {self.name.split(".")[1]: co2}}
        if fluxes:
            tree["internal_fluxes"] = {"unlabelled": fluxes}
        return tree


def _errors(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    relative = np.abs(predicted - truth) / np.abs(truth)
    # A sample without a prediction counts as an error of 100 %, rather than not at all.
    relative = np.where(np.isnan(relative), 1.0, relative)
    return {name: float(measure(relative)) for name, measure in ERRORS.items()}


def _over_seeds(runs: Sequence[Scores]) -> dict[str, Any]:
    found = spread(runs)
    return {name: values["median"] for name, values in found.items()} | {
        f"{name}_{side}": values[side] for name, values in found.items() for side in ("min", "max")
    }


HIDDEN_CO2 = (
    HiddenCO2("hidden_co2.known"),
    HiddenCO2("hidden_co2.known_without_h2o_h_pi", hidden=(CO2, *SELDOM_MEASURED)),
    HiddenCO2("hidden_co2.unknown_composition", known=False),
)
