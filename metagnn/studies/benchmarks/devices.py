"""Throughput on the accelerator at hand, beside HiGHS on every core of the CPU; rows name the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import joblib
import numpy as np
import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.models.flux_gnn import FluxGNN
from metagnn.network.conditions import Conditions
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.polytope import PolytopeProjection
from metagnn.optimize.linear_program import LinearProgram
from metagnn.studies.harness.comparison import Comparison, compare
from metagnn.studies.harness.runs import Progress
from metagnn.training.config import TrainingConfig
from metagnn.training.objective import default_objective

BATCHES, QUICK_BATCHES = (1024, 32_768), (64,)
LARGEST_BATCH = 1_048_576
"""Further batch size, on a GPU only."""

RIVAL_MEDIA = 2048
"""Linear programs in a round of the rival; the time of one does not depend on their number."""

TRAINED_AT_ONCE = {"cpu": 4096, "cuda": 65_536}
"""Samples of one backward pass, which stores every step of the splitting; larger batches add up gradients."""


def measure_devices(seed: int, progress: Progress, quick: bool = False) -> list[Comparison]:
    """Time projection, prediction and a training step of e_coli_core at several batch sizes, on a GPU if there is one.

    The rival solves one linear program for every medium by HiGHS, started from the last solution, on all cores.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batches = QUICK_BATCHES if quick else (*BATCHES, LARGEST_BATCH) if device.type == "cuda" else BATCHES
    network, rows = load_network("e_coli_core"), []
    for batch in batches:
        for row in _rows(network, batch, device, seed):
            rows.append(row)
            progress(len(rows), 3 * len(batches))
    return rows


def describe_device(device: torch.device) -> str:
    """Name a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({torch.get_num_threads()} threads)"


def _rows(network: MetabolicNetwork, batch: int, device: torch.device, seed: int) -> Iterator[Comparison]:
    lower, upper = _bounds(network, batch, seed)
    few = min(batch, RIVAL_MEDIA)
    cores = joblib.cpu_count()
    rival = partial(_linear_programs, network, lower[:few].numpy(), upper[:few].numpy(), cores)
    samples = lower.to(device), upper.to(device)
    works = {
        "projection": _projection(network, samples),
        "prediction": _prediction(network, samples),
        "training step": _training_step(network, samples),
    }
    for name, work in works.items():
        case = f"{name}, batch {batch}, on {describe_device(device)} / a linear program each, HiGHS on {cores} cores"
        scales = (1e6 / batch, 1e6 / few)
        yield compare((case, network.id, "µs per sample"), partial(_finish, work, device), rival, scales, rounds=3)


def _bounds(network: MetabolicNetwork, batch: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw bounds of a thousand feasible media, repeated in larger batches."""
    media = uniform_media(E_COLI_CORE_RANGES, min(batch, 1024), seed)
    lower, upper = network.uptake_bounds(list(E_COLI_CORE_RANGES), media.to_numpy())
    rows = np.resize(np.flatnonzero(FeasibilityScreen(network).feasible(lower, upper)), batch)
    return torch.from_numpy(lower[rows]), torch.from_numpy(upper[rows])


def _finish(work: Callable[[], object], device: torch.device) -> None:
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _linear_programs(network: MetabolicNetwork, lower: np.ndarray, upper: np.ndarray, cores: int) -> None:
    chunks = zip(np.array_split(lower, cores), np.array_split(upper, cores), strict=True)
    joblib.Parallel(cores)(joblib.delayed(_solve)(network, *chunk) for chunk in chunks)


def _solve(network: MetabolicNetwork, lower: np.ndarray, upper: np.ndarray) -> list[float]:
    objective = np.zeros(len(network.reactions))
    objective[network.reaction_index(network.growth_reaction)] = 1.0
    program = LinearProgram(network.stoichiometry.to_scipy().tocsc(), objective)
    return [program.solve(low, high).objective for low, high in zip(lower, upper, strict=True)]


def _projection(network: MetabolicNetwork, samples: tuple[Tensor, Tensor]) -> Callable[[], object]:
    lower, upper = samples
    projection = PolytopeProjection(network.stoichiometry).to(lower.device)
    # Between the bounds, as the raw output of a network is; infinite bounds count as 100.
    target = (lower.clamp(min=-100) + upper.clamp(max=100)) / 20
    return lambda: projection(target, lower, upper)


def _prediction(network: MetabolicNetwork, samples: tuple[Tensor, Tensor]) -> Callable[[], object]:
    model = FluxGNN(network, tuple(E_COLI_CORE_RANGES)).to(samples[0].device).eval()

    def work() -> None:
        with torch.no_grad():
            for part in _batches(samples, TRAINED_AT_ONCE["cuda"]):
                model(part.conditions)

    return work


def _training_step(network: MetabolicNetwork, samples: tuple[Tensor, Tensor]) -> Callable[[], object]:
    device = samples[0].device
    model = FluxGNN(network, tuple(E_COLI_CORE_RANGES)).to(device).train()
    scale = torch.ones(len(network.reactions), dtype=samples[0].dtype)
    objective = default_objective(network, "steady_state", scale, TrainingConfig()).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    size = TRAINED_AT_ONCE[device.type]

    def work() -> None:
        optimizer.zero_grad()
        for part in _batches(samples, size):
            loss, _ = objective(model(part.conditions), part)
            (loss * len(part) / len(samples[0])).backward()
        optimizer.step()

    return work


def _batches(samples: tuple[Tensor, Tensor], size: int) -> Iterator[FluxBatch]:
    """Split the samples; their fluxes are zero, for the time of a step does not depend on what is learned."""
    for lower, upper in zip(*(bounds.split(size) for bounds in samples), strict=True):
        yield FluxBatch(Conditions(lower, upper), torch.zeros_like(lower))
