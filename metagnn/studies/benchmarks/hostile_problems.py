"""Problems that are hard for a nearest-flux solver, of named kinds and from seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from metagnn._typing import Fluxes
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import LinearProgram

PINNED = 0.4
"""Share of the reactions with a pin or a narrow box."""

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class HostileProblems:
    """Problems of one kind.

    Attributes:
        kind: Name of the kind.
        target: Points to project, shape `[samples, reactions]` [mmol/gDW/h], as the other arrays.
        lower: Lower bounds.
        upper: Upper bounds.
        weight: Weights > 0.
    """

    kind: str
    target: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray


def draw_hostile(network: MetabolicNetwork, kind: str, samples: int, seed: int) -> HostileProblems:
    """Draw problems of one of the `KINDS`.

    Args:
        network: The network.
        kind: Name of the kind.
        samples: Number of problems.
        seed: Seed; each kind has its own problems.
    """
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    flux = feasible_fluxes(network, samples, rng)
    lower, upper = (np.tile(bound, (samples, 1)) for bound in (network.bounds.lower, network.bounds.upper))
    arrays = (10 * rng.standard_normal(flux.shape), lower, upper, np.ones(flux.shape))
    return HostileProblems(kind, *KINDS[kind](network, flux, arrays, rng))


def feasible_fluxes(network: MetabolicNetwork, samples: int, rng: np.random.Generator, corners: int = 16) -> Fluxes:
    """Draw feasible fluxes: means, with random weights, of a few corners of the polytope."""
    program = LinearProgram(network.stoichiometry.to_scipy(), np.zeros(len(network.reactions)))
    lower, upper = np.maximum(network.bounds.lower, -1e3), np.minimum(network.bounds.upper, 1e3)
    objectives = rng.standard_normal((corners, len(lower))) * (rng.random((corners, len(lower))) < 0.2)
    found = np.stack([program.solve(lower, upper, objective).values for objective in objectives])
    known = found[~np.isnan(found).any(axis=1)]
    share = rng.dirichlet(np.full(len(known), 0.3), size=samples)
    flux: np.ndarray = np.clip(share @ known, lower, upper)
    return flux


def _weights(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    target, lower, upper, _ = arrays
    return target, lower, upper, 10 ** rng.uniform(-12, 12, flux.shape)


def _targets(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    _, lower, upper, weight = arrays
    return rng.choice([-1.0, 1.0], flux.shape) * 10 ** rng.uniform(-3, 12, flux.shape), lower, upper, weight


def _boxes(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    target, lower, upper, weight = arrays
    chosen = rng.random(flux.shape) < PINNED
    return target, np.where(chosen, flux - 5e-13, lower), np.where(chosen, flux + 5e-13, upper), weight


def _pins(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    target, lower, upper, weight = arrays
    chosen = rng.random(flux.shape) < PINNED
    return target, np.where(chosen, flux, lower), np.where(chosen, flux, upper), weight


def _tiny_bounds(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Bounds of ±1e-9 on a part of the reactions, from few to all; what must flow may make this infeasible."""
    target, lower, upper, weight = arrays
    chosen = rng.random(flux.shape) < rng.choice([0.05, 0.2, 0.6, 1.0], (len(flux), 1))
    return target, np.where(chosen, -1e-9, lower), np.where(chosen, 1e-9, upper), weight


def _just_infeasible(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Pin all reactions of one metabolite so that they miss its balance by 1e-7 to 1e-6, or close to feasible."""
    target, lower, upper, weight = arrays
    S = network.stoichiometry.to_scipy().tocsr()
    rows = np.flatnonzero(np.diff(S.indptr) >= 2)
    for sample, row in enumerate(rng.choice(rows, len(flux))):
        members = S.indices[S.indptr[row] : S.indptr[row + 1]]
        at = flux[sample, members].copy()
        at[rng.integers(len(at))] += rng.choice([-1, 1]) * 10 ** rng.uniform(-7, -6)
        lower[sample, members] = upper[sample, members] = at
    return target, lower, upper, weight


def _unbounded(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """No bounds on half of the sides, and targets to 1e12."""
    target, lower, upper, weight = _targets(network, flux, arrays, rng)
    opened = rng.random((2, *flux.shape)) < 0.5
    return target, np.where(opened[0], -np.inf, lower), np.where(opened[1], np.inf, upper), weight


def _together(network: MetabolicNetwork, flux: np.ndarray, arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Uneven weights and large targets with pins, boxes and bounds close to the flux."""
    target, lower, upper, _ = _targets(network, flux, arrays, rng)
    weight = 10 ** rng.uniform(-12, 12, flux.shape)
    room = rng.choice([0.0, 5e-13, 1e-9, 1e-3, np.inf], flux.shape, p=[0.2, 0.2, 0.1, 0.1, 0.4])
    return target, np.maximum(lower, flux - room), np.minimum(upper, flux + room), weight


KINDS: dict[str, Callable[[MetabolicNetwork, np.ndarray, Arrays, np.random.Generator], Arrays]] = {
    "weights 1e-12 to 1e12": _weights,
    "targets to 1e12": _targets,
    "boxes of 1e-12": _boxes,
    "40 % pinned": _pins,
    "bounds of 1e-9": _tiny_bounds,
    "infeasible by 1e-7": _just_infeasible,
    "no bounds, targets to 1e12": _unbounded,
    "all together": _together,
}
"""How to draw the problems of every kind."""
