"""Throughput on the accelerator at hand, beside HiGHS on every core of the CPU; it says what it ran on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import joblib
import numpy as np
import torch
from torch import Tensor

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.models.flux_gnn import FluxGNN
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.polytope import PolytopeProjection
from metagnn.optimize.linear_program import LinearProgram
from metagnn.studies.harness.comparison import Comparison, compare
from metagnn.training.config import TrainingConfig
from metagnn.training.objective import default_objective

BATCHES, QUICK_BATCHES = (1024, 32_768), (64,)
LARGEST_BATCH = 1_048_576
"""On a GPU only."""

RIVAL_MEDIA = 2048
"""Linear programs in a round of the rival; time per medium does not depend on how many."""

TRAINED_AT_ONCE = {"cpu": 4096, "cuda": 65_536}
"""Samples of one backward pass, which keeps every step of the splitting; larger batches add up gradients."""


def measure_devices(seed: int, progress: Callable[[int, int], None], quick: bool = False) -> list[Comparison]:
    """Projection, prediction and a training step of e_coli_core at several batch sizes, on a GPU if there is one.

    The rival is one linear program for every medium by HiGHS, warm from the medium before, on all cores at once.
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
    """What it is, in words."""
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
    """Bounds of feasible media; a thousand of them, repeated where a batch is larger."""
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
    # Somewhere between the bounds, as the raw answer of a network is; infinite ones stand for a hundred.
    target = (lower.clamp(min=-100) + upper.clamp(max=100)) / 20
    return lambda: projection(target, lower, upper)


def _prediction(network: MetabolicNetwork, samples: tuple[Tensor, Tensor]) -> Callable[[], object]:
    model = FluxGNN(network, tuple(E_COLI_CORE_RANGES)).to(samples[0].device).eval()

    def work() -> None:
        with torch.no_grad():
            for lower, upper in zip(*(bounds.split(TRAINED_AT_ONCE["cuda"]) for bounds in samples), strict=True):
                model(lower, upper)

    return work


def _training_step(network: MetabolicNetwork, samples: tuple[Tensor, Tensor]) -> Callable[[], object]:
    device = samples[0].device
    model = FluxGNN(network, tuple(E_COLI_CORE_RANGES)).to(device).train()
    # The time of a step does not depend on what is learned.
    observed = torch.zeros_like(samples[0])
    scale = torch.ones(len(network.reactions), dtype=observed.dtype)
    objective = default_objective(network, "steady_state", scale, TrainingConfig()).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    size = TRAINED_AT_ONCE[device.type]

    def work() -> None:
        optimizer.zero_grad()
        for part in zip(*(tensor.split(size) for tensor in (*samples, observed)), strict=True):
            batch = FluxBatch(*part)
            loss, _ = objective(model(batch.lower, batch.upper), batch)
            (loss * len(batch) / len(observed)).backward()
        optimizer.step()

    return work
