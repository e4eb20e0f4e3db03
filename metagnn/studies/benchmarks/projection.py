"""Compare the nearest feasible fluxes of a batch with a loop over PIQP, in time and in accuracy."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import piqp
import scipy.sparse
import torch
from torch import Tensor

from metagnn.datasets.media import uniform_media
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.polytope import PolytopeProjection
from metagnn.optimize.quadratic_program import QuadraticProgram
from metagnn.studies.benchmarks.labels import RANGES
from metagnn.studies.harness.comparison import Comparison, compare, compare_errors
from metagnn.studies.harness.runs import Progress

NOISE = 0.3
"""Noise on near-feasible targets, in units of the spread of each flux."""

FAR = 10.0
"""Standard deviation of far targets, which lie around zero [mmol/gDW/h]."""


@dataclass(frozen=True)
class ProjectionCase:
    """One network.

    Attributes:
        network: Name of the network.
        batch: Samples that we project at once.
        rival_batch: Samples that the rival projects in a round.
        checked: Samples whose optimum is verified.
    """

    network: str
    batch: int
    rival_batch: int
    checked: int


CASES = (ProjectionCase("e_coli_core", 1024, 256, 10_000), ProjectionCase("iJO1366", 64, 8, 64))
QUICK = (ProjectionCase("e_coli_core", 64, 8, 64),)


@dataclass(frozen=True, eq=False)
class _Samples:
    """Noisy targets in the bounds of their media, all feasible."""

    network: MetabolicNetwork
    target: Tensor
    lower: Tensor
    upper: Tensor
    projection: PolytopeProjection

    def first(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first samples: target, lower and upper bounds."""
        return self.target[:count], self.lower[:count], self.upper[:count]


def measure_projection(seed: int, progress: Progress, quick: bool = False) -> list[Comparison]:
    """Compare time per sample and of the gradient, then distance to the verified optimum, |S·v| and bounds.

    The rival is PIQP on the uncompressed network: set up for every sample, as a loop does, and set up once.
    """
    rows: list[Comparison] = []
    cases = QUICK if quick else CASES
    for case in cases:
        for row in _rows(case, seed):
            rows.append(row)
            progress(len(rows), 9 * len(cases))
    return rows


def _rows(case: ProjectionCase, seed: int) -> Iterator[Comparison]:
    samples = _draw(case, seed)
    batch, few = samples.first(case.batch), samples.first(case.rival_batch)
    scales = (1e3 / case.batch, 1e3 / case.rival_batch)
    loop = _Piqp(samples.network)
    unit = "ms per sample"
    far = torch.from_numpy(FAR * np.random.default_rng(seed).standard_normal(batch[0].shape))
    for kind, target in (("near-feasible targets", batch[0]), (f"targets N(0, {FAR:g})", far)):
        for name, prepared in (("a loop over PIQP", False), ("one prepared PIQP", True)):
            yield compare(
                (f"nearest feasible flux, {kind}, batch {case.batch} / {name}", case.network, unit),
                partial(samples.projection.solve, target, *batch[1:]),
                partial(loop.solve, target[: case.rival_batch], *few[1:], prepared=prepared),
                scales,
                rounds=5,
            )
    target = batch[0].clone().requires_grad_()
    projected = samples.projection(target, *batch[1:])
    yield compare(
        (f"its gradient, batch {case.batch} / its forward pass", case.network, unit),
        lambda: torch.autograd.grad(projected.square().sum(), target, retain_graph=True),
        lambda: samples.projection.solve(*batch),
        (scales[0], scales[0]),
        rounds=5,
    )
    yield from _exactness(case, samples, loop)


def _exactness(case: ProjectionCase, samples: _Samples, loop: _Piqp) -> Iterator[Comparison]:
    """Compare both with optima whose multipliers all have the right sign."""
    S = samples.network.stoichiometry.to_scipy()
    program = QuadraticProgram(S)
    drawn = samples.first(case.checked)
    arrays = [part.numpy() for part in drawn]
    verified = np.stack([program.solve(*sample).values for sample in zip(*arrays, strict=True)])
    known = ~np.isnan(verified).any(axis=1)
    answers = samples.projection.solve(*drawn).fluxes.numpy()[known], loop.solve(*drawn, prepared=True)[known]
    lower, upper = arrays[1][known], arrays[2][known]
    measures: dict[str, Callable[[np.ndarray], float]] = {
        "unsolved or more than 1e-5 from the verified optimum": lambda v: float(
            (~(np.abs(v - verified[known]).max(axis=1) <= 1e-5)).sum()
        ),
        "largest distance to the verified optimum": lambda v: float(np.nanmax(np.abs(v - verified[known]))),
        "max |S·v|": lambda v: float(np.nanmax(np.abs(S @ v.T))),
        "worst bound violation": lambda v: float(np.nanmax(np.maximum(np.maximum(lower - v, v - upper), 0.0))),
    }
    for name, measure in measures.items():
        unit = "samples" if name.startswith("unsolved") else "mmol/gDW/h"
        what = f"{name}, {known.sum()} samples: ours / PIQP"
        yield compare_errors((what, case.network, unit), *([measure(answer)] for answer in answers))


def _draw(case: ProjectionCase, seed: int) -> _Samples:
    network = load_network(case.network)
    count = max(case.batch, case.checked)
    # Some media are infeasible; the optima of the others are repeated under fresh noise.
    media = uniform_media(RANGES[case.network], min(count, 1200), seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fluxes = simulate_fluxes(network, media, "pfba").fluxes.to_numpy()
    feasible = np.flatnonzero(~np.isnan(fluxes).any(axis=1))
    chosen = np.resize(feasible, count)
    noise = np.random.default_rng(seed).standard_normal((count, fluxes.shape[1]))
    target = fluxes[chosen] + NOISE * fluxes[feasible].std(axis=0) * noise
    lower, upper = network.uptake_bounds(list(media.columns), media.to_numpy()[chosen])
    projection = PolytopeProjection(network.stoichiometry, lower.min(axis=0), upper.max(axis=0))
    tensors = (torch.from_numpy(target), torch.from_numpy(lower), torch.from_numpy(upper))
    return _Samples(network, *tensors, projection)


class _Piqp:
    """PIQP as its users call it, on the whole network, to the same tolerance as ours."""

    def __init__(self, network: MetabolicNetwork) -> None:
        self._matrix = scipy.sparse.csc_matrix(network.stoichiometry.to_scipy())
        self._identity = scipy.sparse.csc_matrix(scipy.sparse.eye_array(self._matrix.shape[1]))
        self._zeros = np.zeros(self._matrix.shape[0])

    def solve(self, target: Tensor, lower: Tensor, upper: Tensor, prepared: bool) -> np.ndarray:
        """Solve sample by sample; NaN where no optimum is found."""
        fluxes = np.full(target.shape, np.nan)
        solver = None
        for row, (t, low, high) in enumerate(zip(target.numpy(), lower.numpy(), upper.numpy(), strict=True)):
            if solver is None or not prepared:
                solver = piqp.SparseSolver()
                solver.settings.eps_abs, solver.settings.eps_rel = 1e-9, 1e-10
                solver.setup(self._identity, -t, self._matrix, self._zeros, None, None, None, low, high)
            else:
                solver.update(c=-t, x_l=low, x_u=high)
            if solver.solve() == piqp.PIQP_SOLVED:
                fluxes[row] = solver.result.x
        return fluxes
