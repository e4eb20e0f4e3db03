"""Checks of the exact layer on hostile problems: uneven weights, far targets, narrow boxes, pinned fluxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from metagnn.fba.simulate import media_bounds, simulate_fluxes
from metagnn.nn.polytope import PolytopeProjection, PolytopeSolution
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement
from metagnn.studies.selftest.optimality import optimality_gap
from metagnn.studies.selftest.predictions import LAW, UNIT

PINNED = 0.4
"""Share of the fluxes pinned, in every third problem."""

CERTIFIED = 40
"""Problems whose optimum a linear program certifies."""


@dataclass(frozen=True, eq=False)
class Problems:
    """Problems of the exact layer, all shape `[samples, reactions]`.

    Attributes:
        target: Targets [mmol/gDW/h].
        lower: Lower bounds [mmol/gDW/h].
        upper: Upper bounds [mmol/gDW/h].
        weight: Weights.
    """

    target: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray

    def solve(self, cases: Cases) -> PolytopeSolution:
        """Solve all."""
        # The widest bounds of all, as the layer asks for.
        layer = PolytopeProjection(cases.core.stoichiometry, self.lower.min(axis=0), self.upper.max(axis=0))
        return layer.solve(*map(torch.from_numpy, (self.target, self.lower, self.upper, self.weight)))


def hostile_laws(cases: Cases) -> Measurement:
    """Find the largest |S·v| or violation of a bound of the solved problems."""
    problems = hostile(cases, cases.count(300))
    fluxes = problems.solve(cases).fluxes.numpy()
    imbalance = np.abs(cases.core.stoichiometry.to_scipy() @ fluxes.T).max(axis=0)
    violation = np.maximum(problems.lower - fluxes, fluxes - problems.upper).max(axis=1)
    errors = np.maximum(imbalance, violation) / np.maximum(np.abs(fluxes).max(axis=1), 1.0)
    solved = errors[~np.isnan(errors)]
    worst = float(solved.max()) if len(solved) else np.nan
    return Measurement(worst, LAW, UNIT, f"{len(solved)} solved of {len(fluxes)} hostile problems")


def hostile_solved(cases: Cases) -> Measurement:
    """Count problems that have a flux by construction and are not solved."""
    status = hostile(cases, cases.count(300)).solve(cases).status
    return Measurement(sum(text != OPTIMAL for text in status), 0, "not solved", f"{len(status)} feasible problems")


def infeasible_named(cases: Cases) -> Measurement:
    """Count problems without a flux, by construction, that are not called infeasible."""
    problems = hostile(cases, cases.count(50))
    growth = cases.core.reaction_index(cases.core.growth_reaction)
    # More than the network can grow at all.
    problems.lower[:, growth] = problems.upper[:, growth] = 900.0
    status = problems.solve(cases).status
    return Measurement(sum(text != INFEASIBLE for text in status), 0, "not named", f"{len(status)} infeasible problems")


def nearest(cases: Cases) -> Measurement:
    """Find the largest gap to the optimum that a linear program of HiGHS certifies."""
    problems = hostile(cases, cases.count(CERTIFIED), largest=2.0)
    fluxes, S = problems.solve(cases).fluxes.numpy(), cases.core.stoichiometry.to_scipy()
    gaps = [
        optimality_gap(S, row, weight * (row - target), lower, upper)
        for row, target, lower, upper, weight in zip(
            fluxes, problems.target, problems.lower, problems.upper, problems.weight, strict=True
        )
        if not np.isnan(row).any()
    ]
    return Measurement(max(gaps, default=np.nan), 1e-7, "relative gap", f"{len(gaps)} problems")


def hostile(cases: Cases, samples: int, largest: float = 9.0) -> Problems:
    """Return problems around feasible fluxes, so that each has a solution.

    Args:
        cases: What the network and the seed are taken from.
        samples: Number of problems.
        largest: Targets reach 10^largest [mmol/gDW/h], weights 10^±largest.
    """
    random, media = np.random.default_rng([cases.seed, 3]), cases.media(samples + samples // 4, 3)
    solved = simulate_fluxes(cases.core, media)
    kept = np.flatnonzero(solved.feasible.to_numpy())[:samples]
    inside = _balanced(cases, solved.fluxes.to_numpy()[kept])
    lower, upper = (bound[kept] for bound in media_bounds(cases.core, media))
    shape = inside.shape
    target = inside + random.standard_normal(shape) * 10.0 ** random.uniform(-3, largest, (len(kept), 1))
    weight = 10.0 ** random.uniform(-largest, largest, shape)
    kind = np.arange(len(kept))[:, None] % 3
    # A third as they are, a third in narrow boxes, a third with many pinned fluxes.
    width = np.where(kind == 1, 10.0 ** random.uniform(-9, 0, shape), np.inf)
    width = np.where((kind == 2) & (random.random(shape) < PINNED), 0.0, width)
    lower, upper = np.maximum(lower, inside - width), np.minimum(upper, inside + width)
    # Fluxes that touch a bound may be beyond it by rounding.
    return Problems(target, np.minimum(lower, inside), np.maximum(upper, inside), weight)


def _balanced(cases: Cases, fluxes: np.ndarray) -> np.ndarray:
    """Return the nearest fluxes with S·v = 0 to rounding: pinned, they would make a problem infeasible otherwise."""
    S = cases.core.stoichiometry.to_dense().detach().numpy()
    correction = np.linalg.pinv(S).T
    for _ in range(3):
        fluxes = fluxes - fluxes @ S.T @ correction
    return fluxes
