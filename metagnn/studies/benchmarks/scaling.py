"""Measure how time and memory grow with the network: one network after another, and the exponents."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import torch

from metagnn.datasets.media import uniform_media
from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.flux_gnn import FluxGNN, FluxGNNConfig
from metagnn.network.conditions import Conditions
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.benchmarks.community import community_of_copies
from metagnn.studies.benchmarks.labels import RANGES
from metagnn.studies.harness.comparison import Comparison
from metagnn.studies.harness.peak_memory import PeakMemory
from metagnn.studies.harness.runs import Progress

SIZES = (("e_coli_core", 1), ("iJO1366", 1), ("iJO1366", 2), ("iJO1366", 4), ("iJO1366", 8))
"""Networks, and the number of copies of each that share a medium."""

QUICK = (("e_coli_core", 1), ("e_coli_core", 2))

COSTS = {"labels": "ms per medium", "prediction": "ms per medium", "training step": "ms per medium", "memory": "MiB"}
"""What is measured, and its unit; memory is that of the model, its prediction and a training step, of one batch."""

BATCH = 32


def measure_scaling(seed: int, progress: Progress, quick: bool = False) -> list[Comparison]:
    """Compare every network with the one before, each in a process of its own; then fit the exponents.

    In these rows `ours` is the larger network and `rival` the smaller one; the ratio is the exponent of the cost in
    the number of non-zeros of S between the two, and the last row of every cost is fitted over all.
    """
    costs, nonzeros, names = [], [], []
    sizes = QUICK if quick else SIZES
    for done, (name, copies) in enumerate(sizes):
        progress(done, len(sizes))
        command = [sys.executable, "-m", "metagnn.studies.benchmarks.scaling", name, str(copies), str(seed)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        nonzeros.append(float(answer[-5]))
        costs.append([float(number) for number in answer[-4:]])
        names.append(name if copies == 1 else f"{copies} × {name}")
    progress(len(sizes), len(sizes))
    table, size = np.log(np.array(costs)), np.log(np.array(nonzeros))
    rows = []
    for column, (cost, unit) in enumerate(COSTS.items()):
        steps = np.diff(table[:, column]) / np.diff(size)
        for row, exponent in enumerate(steps, start=1):
            now, before = costs[row][column], costs[row - 1][column]
            case = f"{cost}: exponent from {names[row - 1]}"
            rows.append(Comparison(case, names[row], now, before, unit, *(3 * (float(exponent),))))
        fitted = float(np.polyfit(size, table[:, column], 1)[0])
        case = f"{cost}: exponent over all networks"
        ends = costs[-1][column], costs[0][column]
        rows.append(Comparison(case, names[-1], *ends, unit, fitted, float(steps.min()), float(steps.max())))
    return rows


def measure_one(name: str, copies: int, seed: int) -> list[float]:
    """Measure one network: non-zeros of S, then the costs in their order."""
    network = load_network(name)
    if copies > 1:
        network = community_of_copies(network, copies)
    ranges = {exchange: (low * copies, high * copies) for exchange, (low, high) in RANGES[name].items()}
    media = uniform_media(ranges, BATCH, seed=seed)
    peak = PeakMemory()
    prediction, training = _model_times(network, list(media.columns), media.to_numpy())
    memory = peak.mebibytes()
    started = time.perf_counter()
    simulate_fluxes(network, media, "fba")
    labels = (time.perf_counter() - started) / BATCH * 1e3
    return [float(len(network.stoichiometry.value)), labels, prediction, training, max(memory, 1.0)]


def _model_times(network: MetabolicNetwork, names: list[str], uptakes: np.ndarray) -> tuple[float, float]:
    torch.set_num_threads(1)
    lower, upper = (torch.from_numpy(bound) for bound in network.uptake_bounds(names, uptakes))
    model = FluxGNN(network, names, config=FluxGNNConfig(steps=24)).eval()
    times = []
    for trained in (False, True):
        model.train(trained)
        rounds = []
        for _ in range(3):
            started = time.perf_counter()
            with torch.set_grad_enabled(trained):
                fluxes = model(Conditions(lower, upper)).fluxes
            if trained:
                fluxes.square().mean().backward()
            rounds.append((time.perf_counter() - started) / BATCH * 1e3)
        times.append(float(np.median(rounds)))
    return times[0], times[1]


if __name__ == "__main__":
    print(*measure_one(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))  # noqa: T201
