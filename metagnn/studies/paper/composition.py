"""Estimate carbon and nitrogen of biomass from noisy rates, starting far from the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metagnn.analysis.composition.balance_estimates import content_by_regression, contents_by_reconciliation
from metagnn.network.from_cobra import load_network
from metagnn.studies.harness.experiment import AbstractExperiment, Repetitions, Run, Scores
from metagnn.studies.harness.measured_rates import (
    CO2,
    METHOD,
    MODEL,
    NOISE,
    TRAIN_SAMPLES,
    RatesTask,
    as_fluxes,
    draw_task,
    own_contents,
    random_start,
)
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.rivals.rate_rivals import AS_DESCRIBED, optimiser_steps, train_balance_mlp, train_flux_gnn

BALANCE_ONLY = (CO2, "EX_nh4_e")
"""Exchanges that are measured for the balances, but are no inputs of the paper's network f(q_i)."""

DRAWS = 10_000
CONTENTS = ("alpha", "beta")

Found = tuple[tuple[float, float], dict[str, Any]]
"""Alpha and beta [mmol/gDW], and further scores."""


def _flux_gnn(task: RatesTask, start: tuple[float, float], seed: int) -> Found:
    predictor = train_flux_gnn(task, seed, start=start)
    found, truth = predictor.composition_, own_contents(task.network)
    assert predictor.model.biomass is not None
    alpha, beta = (content.item() for content in predictor.model.biomass.contents())
    covered = {
        f"{name}_covered": bool(low <= true <= high)
        for name, (low, high), true in zip(
            CONTENTS, (found.alpha_interval or (0, 0), found.beta_interval or (0, 0)), truth, strict=True
        )
    }
    steps = optimiser_steps(predictor.history_, task, predictor.resolved_settings()["training"].batch_size)
    return (alpha, beta), covered | {"steps": steps}


def _balance_mlp(task: RatesTask, start: tuple[float, float], seed: int, tuned: bool) -> Found:
    inputs = tuple(name for name in task.inputs if name not in BALANCE_ONLY)
    narrow = RatesTask(task.network, task.train, task.test, inputs, known_composition=False)
    model, history = train_balance_mlp(narrow, seed, tuned, balances=BALANCE_ONLY, start=start)
    alpha, beta = (content.item() for content in model.composition.contents())
    return (alpha, beta), {"steps": optimiser_steps(history, task, AS_DESCRIBED.batch_size)}


def _regression(task: RatesTask, noise: float | None) -> Found:
    fluxes = as_fluxes(task.network, task.train)
    alpha, beta = (content_by_regression(task.network, element, fluxes, noise) for element in ("C", "N"))
    return (alpha, beta), {}


def _reconciliation(task: RatesTask) -> Found:
    return contents_by_reconciliation(task.network, *task.measured_with_growth(task.train)), {}


CONTESTANTS: dict[str, Callable[[RatesTask, tuple[float, float], int], Found]] = {
    "flux_gnn": _flux_gnn,
    "balance_mlp_as_described": lambda task, start, seed: _balance_mlp(task, start, seed, False),
    "balance_mlp_tuned": lambda task, start, seed: _balance_mlp(task, start, seed, True),
    "ols": lambda task, start, seed: _regression(task, None),
    "wls": lambda task, start, seed: _regression(task, NOISE),
    "reconciliation": lambda task, start, seed: _reconciliation(task),
}

TRAINED = ("flux_gnn", "balance_mlp_as_described", "balance_mlp_tuned")
"""Contestants with a start; each runs from two, the second as far from the truth on the other side."""

REPETITIONS = Repetitions(1, 10, 100)


@dataclass(frozen=True)
class BiomassContents(AbstractExperiment):
    """Estimate alpha and beta from 100 noisy samples; all exchanges and growth are measured.

    Attributes:
        name: Path of its results, and start of the names of its runs' files.
        repetitions: Number of seeds.
    """

    name: str = "composition"
    repetitions: Repetitions = REPETITIONS
    trainings = 2

    def contestants(self, size: str) -> tuple[str, ...]:
        """FluxGNN, the paper's network (a), and regressions on the same samples."""
        return tuple(CONTESTANTS)

    def settings(self) -> dict[str, Any]:
        """Data and noise."""
        return {"model": MODEL, "method": METHOD, "noise": NOISE, "train_samples": TRAIN_SAMPLES}

    def data(self, store: SampleStore, seed: int) -> RatesTask:
        """Draw noisy samples of the seed, nothing hidden."""
        return draw_task(store, seed, known=False)

    def run(self, contestant: str, data: RatesTask, seed: int) -> Run:
        """Estimate; a contestant with a start estimates from two."""
        start = random_start(data.network, seed)
        (alpha, beta), more = CONTESTANTS[contestant](data, start, seed)
        scores: Scores = {"alpha": alpha, "beta": beta, **more}
        if contestant in TRAINED:
            mirrored = tuple(2 * true - value for true, value in zip(own_contents(data.network), start, strict=True))
            again, _ = CONTESTANTS[contestant](data, (mirrored[0], mirrored[1]), seed)
            scores |= {"start": list(start), "other_start": list(mirrored), "from_other_start": list(again)}
        return Run(scores)

    def results(self, runs: Mapping[str, Sequence[Scores]]) -> dict[str, Any]:
        """Estimates, errors, their ratio to those of weighted least squares, and how far another start moves them."""
        truths = own_contents(load_network(MODEL))
        tree: dict[str, Any] = {}
        for position, (name, true) in enumerate(zip(CONTENTS, truths, strict=True)):
            errors = {model: np.array([abs(run[name] / true - 1) for run in scores]) for model, scores in runs.items()}
            tree[name] = {"true": true} | {
                model: self._summary(name, position, scores, errors[model], true) for model, scores in runs.items()
            }
            if {"flux_gnn", "wls"} <= set(errors):
                tree[name]["ratio_to_wls"] = _ratio(errors["flux_gnn"], errors["wls"])
        return {"composition": tree}

    @staticmethod
    def _summary(name: str, position: int, scores: Sequence[Scores], errors: np.ndarray, true: float) -> dict[str, Any]:
        summary: dict[str, Any] = {
            "estimates": [run[name] for run in scores],
            "median_relative_error": float(np.median(errors)),
            "p95_relative_error": float(np.quantile(errors, 0.95)),
        }
        if "steps" in scores[0]:
            summary["steps"] = scores[0]["steps"]
        if f"{name}_covered" in scores[0]:
            summary["covered_90"] = float(np.mean([run[f"{name}_covered"] for run in scores]))
        if "from_other_start" in scores[0]:
            moved = [abs(run["from_other_start"][position] - run[name]) / true for run in scores]
            summary |= {
                "from_other_start": [run["from_other_start"][position] for run in scores],
                "median_change_with_start": float(np.median(moved)),
                "largest_change_with_start": float(np.max(moved)),
            }
        return summary


def _ratio(ours: np.ndarray, rival: np.ndarray) -> dict[str, float]:
    """Ratio of the median errors, with a paired bootstrap interval (90 %) over the repetitions."""
    rows = np.random.default_rng(0).integers(len(ours), size=(DRAWS, len(ours)))
    ratios = np.median(ours[rows], axis=1) / np.median(rival[rows], axis=1)
    low, high = np.quantile(ratios, (0.05, 0.95))
    return {"median": float(np.median(ours) / np.median(rival)), "low": float(low), "high": float(high)}
