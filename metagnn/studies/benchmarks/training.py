"""Training at genome scale: how long, and how good on media that were not trained on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from metagnn.datasets.media import uniform_media
from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.models.flux_mlp import feed_forward
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.steady_state import SteadyStateProjection
from metagnn.predictor import FluxPredictor
from metagnn.studies.benchmarks.labels import RANGES
from metagnn.studies.extrapolation.scores import score_extrapolation
from metagnn.studies.harness.comparison import Comparison, compare_errors
from metagnn.studies.harness.peak_memory import PeakMemory
from metagnn.training.config import TrainingConfig

FLOOR = 0.05
"""Smallest spread of a flux in the metric of the rival [mmol/gDW/h]."""

MLP_EPOCHS = 200


@dataclass(frozen=True)
class TrainingCase:
    """One network.

    Attributes:
        network: Which.
        train: Training media.
        test: Held-out media.
        config: Our model.
        training: Our training.
    """

    network: str
    train: int
    test: int
    config: FluxGNNConfig = field(default_factory=FluxGNNConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


GENOME_SCALE = FluxGNNConfig(steps=24), TrainingConfig(epochs=40, learning_rate=1e-2)
"""The model and the training that learn iJO1366."""

CASES = (
    TrainingCase("e_coli_core", 300, 500),
    TrainingCase("iJO1366", 1000, 500, *GENOME_SCALE),
)
QUICK = (TrainingCase("e_coli_core", 40, 40, FluxGNNConfig(8, 1, 8), TrainingConfig(epochs=2)),)


def measure_training(seed: int, progress: Callable[[int, int], None], quick: bool = False) -> list[Comparison]:
    """FluxGNN beside a feed-forward network with the steady-state projection in the metric 1/σ, on the same rows.

    Labels are parsimonious fluxes. Rows of errors hold 1 − R², |S·v| and bound violations; those of time and of memory
    at its highest are of the training, labels not counted. Flux balance analysis itself would make none of these
    errors: the labels are its.
    """
    rows: list[Comparison] = []
    cases = QUICK if quick else CASES
    for done, case in enumerate(cases):
        progress(done, len(cases))
        rows += _rows(case, seed)
    progress(len(cases), len(cases))
    return rows


def _rows(case: TrainingCase, seed: int) -> list[Comparison]:
    network = load_network(case.network)
    media = uniform_media(RANGES[case.network], case.train + case.test, seed=seed)
    labels = simulate_fluxes(network, media, "pfba")
    media, fluxes = media[labels.status == "optimal"], labels.fluxes[labels.status == "optimal"]
    train, test, truth = media[: case.train], media[case.train :], fluxes[case.train :].to_numpy()
    peak, started = PeakMemory(), time.perf_counter()
    predictor = FluxPredictor(
        network, constraint="polytope", seed=seed, config=case.config, training=case.training
    ).fit(train, fluxes[: case.train], progress=False)
    seconds, memory = time.perf_counter() - started, peak.mebibytes()
    peak, started = PeakMemory(), time.perf_counter()
    rival = _fit_mlp(network, train.to_numpy(), fluxes[: case.train].to_numpy(), seed)
    rival_seconds, rival_memory = time.perf_counter() - started, peak.mebibytes()
    ours = {"polytope": predictor.predict(test).to_numpy()}
    # The same weights, without the last operation: what "steady_state" would have answered.
    predictor.model.constraint = "steady_state"
    ours["steady_state"] = predictor.predict(test).to_numpy()
    bounds = network.uptake_bounds(list(test.columns), test.to_numpy())
    theirs = _errors(network, bounds, truth, rival(test.to_numpy()))
    what = f"training on {len(train)} media: FluxGNN / MLP"
    rows = [
        compare_errors((what, network.id, "s"), [seconds], [rival_seconds]),
        compare_errors((f"memory of {what}", network.id, "MiB"), [memory], [rival_memory]),
    ]
    for constraint, answer in ours.items():
        mine = _errors(network, bounds, truth, answer)
        rows += [
            compare_errors(
                (f"{name}, {len(test)} media: {constraint} / MLP", network.id, unit), [mine[name, unit]], [error]
            )
            for (name, unit), error in theirs.items()
        ]
    return rows


def _errors(
    network: MetabolicNetwork, bounds: tuple[np.ndarray, np.ndarray], truth: np.ndarray, answer: np.ndarray
) -> dict[tuple[str, str], float]:
    scores = score_extrapolation(network, bounds, truth, answer)
    found = {name: np.nan if value is None else value for name, value in scores.items()}
    return {
        ("1 − R² of growth", "1 − R²"): 1 - found["growth_q2"],
        ("1 − R² of the median flux", "1 − R²"): 1 - found["median_flux_q2"],
        ("max |S·v|", "mmol/gDW/h"): found["max_abs_sv"],
        ("worst bound violation", "mmol/gDW/h"): found["max_bound_violation"],
    }


def _fit_mlp(
    network: MetabolicNetwork, media: np.ndarray, fluxes: np.ndarray, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """The rival: two layers of 256, standardised, trained on standardised fluxes and projected afterwards."""
    deviation = np.maximum(fluxes.std(axis=0), FLOOR)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = feed_forward(media.shape[1], fluxes.shape[1])
        order = torch.Generator().manual_seed(seed)
        x, y = (torch.from_numpy(_standard(a, s)).float() for a, s in ((media, media.std(axis=0)), (fluxes, deviation)))
        _train(layers, x, y, order)
    projection = SteadyStateProjection(network.stoichiometry)
    mean, spread = fluxes.mean(axis=0), media.std(axis=0)

    def predict(unseen: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            raw = layers(torch.from_numpy((unseen - media.mean(axis=0)) / spread).float()).double().numpy()
            projected: Tensor = projection(torch.from_numpy(mean + deviation * raw), torch.from_numpy(deviation**-2))
        return projected.numpy()

    return predict


def _standard(values: np.ndarray, spread: np.ndarray) -> np.ndarray:
    standard: np.ndarray = (values - values.mean(axis=0)) / spread
    return standard


def _train(layers: nn.Module, x: Tensor, y: Tensor, order: torch.Generator) -> None:
    optimizer = torch.optim.AdamW(layers.parameters(), lr=3e-3)
    batches = -(-len(x) // 32)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=MLP_EPOCHS * batches)
    for _ in range(MLP_EPOCHS):
        for rows in torch.randperm(len(x), generator=order).split(32):
            optimizer.zero_grad()
            (layers(x[rows]) - y[rows]).square().mean().backward()
            nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
            optimizer.step()
            schedule.step()
