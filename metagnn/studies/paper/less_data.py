"""Predict growth from few noisy samples, with and without the balances."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.network.conditions import Conditions
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.measured_rates import METHOD, MODEL, NOISE, TEST_SAMPLES, RatesTask, draw_task
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.scores import spread
from metagnn.studies.rivals.rate_rivals import TUNED, train_balance_mlp
from metagnn.studies.rivals.regressions import untuned_regression
from metagnn.training.config import TrainingConfig

SIZES = (10, 30, 100, 300)
QUICK_SIZES = (10, 30, 100)
SUBSTRATES = tuple(E_COLI_CORE_RANGES)
"""Inputs q_i: the rates of the substrates. Products, CO2 and ammonium are measured for the balances only."""

MLP_STEPS = 500
"""Steps of the paper's network at every size: it must not train less on fewer samples."""

NO_BALANCE = {"carbon_weight": 0.0, "nitrogen_weight": 0.0, "electron_weight": 0.0, "steady_state_weight": 0.0}


def _flux_gnn(task: RatesTask, seed: int, constrained: bool) -> np.ndarray:
    # Without constraint, no loss contains a balance and nothing is projected at the end; message passing along the
    # stoichiometry is part of the architecture and stays.
    constraint = "steady_state" if constrained else "soft"
    settings: dict[str, Any] = {} if constrained else NO_BALANCE
    training = TrainingConfig(batch_size=max(SIZES), **settings)
    predictor = FluxPredictor(task.network, "rates", constraint, seed=seed, training=training, estimate=None)
    predictor.fit(task.train.rates[list(SUBSTRATES)], task.train.growth, progress=False)
    growth: np.ndarray = predictor.predict(_true_rates(task))[predictor.growth_reaction].to_numpy()
    return growth


def _balance_mlp(task: RatesTask, seed: int, balances: tuple[str, ...]) -> np.ndarray:
    kept = {name: getattr(TUNED, name) for name in balances}
    samples = len(task.train.rates)
    batch_size = min(samples, 30)
    epochs = -(-MLP_STEPS // -(-samples // batch_size))
    training = dataclasses.replace(TUNED, epochs=epochs, batch_size=batch_size, **{**NO_BALANCE, **kept})
    others = tuple(name for name in task.network.exchanges if name not in SUBSTRATES)
    model, _ = train_balance_mlp(task, seed, tuned=True, balances=others, training=training)
    test = _true_rates(task)
    measured = np.full((len(test), len(task.network.reactions)), np.nan)
    measured[:, [task.network.reaction_index(name) for name in SUBSTRATES]] = test.to_numpy()
    rates = torch.from_numpy(measured)
    with torch.no_grad():
        growth: np.ndarray = model(Conditions(rates, rates, measured=rates)).growth.numpy()
    return growth


def _regression(task: RatesTask, name: str) -> np.ndarray:
    regressor = untuned_regression(name)
    regressor.fit(task.train.rates[list(SUBSTRATES)].to_numpy(), task.train.growth.to_numpy()[:, 0])
    growth: np.ndarray = regressor.predict(_true_rates(task).to_numpy())
    return growth


def _true_rates(task: RatesTask) -> Any:
    return task.test.truth[list(SUBSTRATES)]


CARBON, NITROGEN = ("carbon_weight",), ("nitrogen_weight",)

CONTESTANTS: dict[tuple[str, str], Callable[[RatesTask, int], np.ndarray]] = {
    ("flux_gnn", "constrained"): lambda task, seed: _flux_gnn(task, seed, True),
    ("flux_gnn", "unconstrained"): lambda task, seed: _flux_gnn(task, seed, False),
    ("balance_mlp", "constrained"): lambda task, seed: _balance_mlp(task, seed, CARBON + NITROGEN),
    ("balance_mlp", "carbon_only"): lambda task, seed: _balance_mlp(task, seed, CARBON),
    ("balance_mlp", "nitrogen_only"): lambda task, seed: _balance_mlp(task, seed, NITROGEN),
    ("balance_mlp", "unconstrained"): lambda task, seed: _balance_mlp(task, seed, ()),
    ("ridge", "unconstrained"): lambda task, seed: _regression(task, "ridge"),
    ("quadratic_ridge", "unconstrained"): lambda task, seed: _regression(task, "quadratic_ridge"),
    ("mean", "unconstrained"): lambda task, seed: _regression(task, "mean"),
}
"""Contestants by model and constraint."""

REPETITIONS = Repetitions(1, 3, 10)


@dataclass(frozen=True)
class LessData(AbstractExperiment):
    """Measure the error of growth on noise-free test media against the number of noisy training samples.

    Attributes:
        name: Path of its results, and start of the names of its runs' files.
        repetitions: Number of seeds.
        sizes: Numbers of training samples.
    """

    name: str = "less_data"
    repetitions: Repetitions = REPETITIONS
    sizes: tuple[int, ...] = SIZES
    trainings = 2

    def contestants(self, size: str) -> tuple[str, ...]:
        """Model and constraint, joined; the quick form omits single balances."""
        names = (f"{model}_{constraint}" for model, constraint in CONTESTANTS)
        return tuple(name for name in names if not (size == "quick" and name.endswith("_only")))

    def quick(self) -> LessData:
        """Omit the largest size, which takes as long as all others together."""
        return dataclasses.replace(self, sizes=QUICK_SIZES)

    def settings(self) -> dict[str, Any]:
        """Data, noise, sizes."""
        return {
            "model": MODEL,
            "method": METHOD,
            "noise": NOISE,
            "train_samples": list(self.sizes),
            "test_samples": TEST_SAMPLES,
            "inputs": list(SUBSTRATES),
        }

    def data(self, store: SampleStore, seed: int) -> RatesTask:
        """Draw as many noisy samples as the largest size needs; smaller sizes take the first of them."""
        everything = draw_task(store, seed, samples=max(self.sizes))
        return dataclasses.replace(everything, inputs=SUBSTRATES)

    def run(self, contestant: str, data: RatesTask, seed: int) -> Run:
        """Train on every size."""
        answer = {f"{model}_{constraint}": work for (model, constraint), work in CONTESTANTS.items()}[contestant]
        truth = data.test.truth[data.network.growth_reaction].to_numpy()
        scores: Scores = {}
        for size in self.sizes:
            task = dataclasses.replace(data, train=data.train.first(size))
            scores[str(size)] = float(np.sqrt(np.mean(np.square(answer(task, seed) - truth))))
        return Run(scores)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Root mean squared error of growth [1/h] by model, constraint and size: median and range over the seeds."""
        tree: dict[str, Any] = {}
        for model, constraint in CONTESTANTS:
            scores = runs.get(f"{model}_{constraint}")
            if scores:
                tree.setdefault(model, {})[constraint] = spread(scores)
        return {"less_data": tree}
