"""Try the promise of the nearest-flux layer on hostile problems: every row counts what was solved and what was not."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch

from metagnn.files.output import check_output, replace_file
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.polytope import PolytopeProjection
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, LinearProgram
from metagnn.studies.benchmarks.hostile_problems import KINDS, HostileProblems, draw_hostile
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.study import StudyOptions
from metagnn.testing import random_network

ELASTIC = 1e-8
"""Least sum of imbalances, relative to the largest bound up to 1e3, above which a problem counts as infeasible."""

RANDOM = "random networks"

SIZES = {
    "quick": {"e_coli_core": 16, RANDOM: 16},
    "usual": {"e_coli_core": 2_000, "iJO1366": 8, RANDOM: 320},
    "full": {"e_coli_core": 100_000, "iJO1366": 500, RANDOM: 2_000},
}
"""Problems on every network, all kinds together."""

CHECKED = {"quick": 4, "usual": 40, "full": 200}
"""Solved problems of every network and kind whose optimum is certified by a linear program."""

PER_NETWORK = 4
"""Problems of a kind on each random network."""

BATCH = 1024

COUNTS = ("problems", "feasible", "solved", "failed", "wrong")
"""Attributes of a row that count problems."""


@dataclass(frozen=True)
class HostileRow:
    """Results of one kind on one network.

    Attributes:
        network: The network.
        kind: The kind of problem.
        problems: Number of problems.
        feasible: Those that are feasible: solved within the promise, or by the elastic linear program.
        solved: Those with the status "optimal".
        failed: Those with the status "failed: …".
        wrong: Verdicts "infeasible" on feasible problems, and "optimal" outside the promise.
        imbalance: Worst |S·v| / max(1, max|v|).
        violation: Worst bound violation [mmol/gDW/h].
        optimality: Worst certified distance of the objective from its minimum, relative to its terms.
    """

    network: str
    kind: str
    problems: int
    feasible: int
    solved: int
    failed: int
    wrong: int
    imbalance: float
    violation: float
    optimality: float


def study_hostile(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Solve hostile problems, check every answer, and write `hostile.json`."""
    check_output(folder, options.force, folder=True)
    sizes = SIZES[options.size]
    rows = []
    for name, problems in sizes.items():
        count = -(-problems // len(KINDS))
        for kind in KINDS:
            parts = list(_tried(name, kind, count, options.first_seed, CHECKED[options.size]))
            rows.append(_joined(parts, name))
            progress(len(rows), len(sizes) * len(KINDS))
    text = json.dumps([dataclasses.asdict(row) for row in rows], indent=2)
    replace_file(folder / "hostile.json", text.encode())
    header = ("network", "kind", *COUNTS, "|S·v|/max(1, max|v|)", "bounds", "optimality")
    return [ResultTable("nearest feasible flux of hostile problems", header, tuple(map(_cells, rows)))]


def _cells(row: HostileRow) -> tuple[str, ...]:
    worst = (f"{number:.1e}" for number in (row.imbalance, row.violation, row.optimality))
    return (row.network, row.kind, *(str(getattr(row, name)) for name in COUNTS), *worst)


def _tried(name: str, kind: str, count: int, seed: int, checked: int) -> Iterator[HostileRow]:
    """Yield the results of batches."""
    if name != RANDOM:
        network = load_network(name)
        projection = PolytopeProjection(network.stoichiometry)
        for start in range(0, count, BATCH):
            problems = draw_hostile(network, kind, min(BATCH, count - start), seed + start)
            yield try_problems(network, projection, problems, checked if start == 0 else 0)
        return
    for index in range(-(-count // PER_NETWORK)):
        network = random_network(seed + index, 6 + index % 12, 14 + 2 * (index % 12))
        problems = draw_hostile(network, kind, min(PER_NETWORK, count - PER_NETWORK * index), seed + index)
        yield try_problems(network, PolytopeProjection(network.stoichiometry), problems, checked // 20)


def _joined(parts: list[HostileRow], name: str) -> HostileRow:
    sums = {key: sum(getattr(p, key) for p in parts) for key in COUNTS}
    worst = {key: max(getattr(p, key) for p in parts) for key in ("imbalance", "violation", "optimality")}
    return HostileRow(name, parts[0].kind, **sums, **worst)


def try_problems(
    network: MetabolicNetwork, projection: PolytopeProjection, problems: HostileProblems, checked: int
) -> HostileRow:
    """Solve problems and check the answers.

    An answer within the promise proves that its problem is feasible. The others are put to a linear program that
    minimises the sum of imbalances within the bounds: it has a solution at any scale, where a solver's own verdict
    depends on its tolerance of 1e-9.

    Args:
        network: The network.
        projection: Its projection.
        problems: The problems.
        checked: Number of answers whose optimum is certified.
    """
    arrays = (problems.target, problems.lower, problems.upper, problems.weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solution = projection.solve(*(torch.from_numpy(array) for array in arrays))
    S = network.stoichiometry.to_scipy()
    solved = np.array([status == OPTIMAL for status in solution.status])
    flux = solution.fluxes.numpy()[solved]
    imbalance = np.abs(S @ flux.T).max(axis=0, initial=0.0) / np.maximum(1.0, np.abs(flux).max(axis=1, initial=0.0))
    outside = np.maximum(problems.lower[solved] - flux, flux - problems.upper[solved]).max(axis=1, initial=0.0)
    kept = int(((imbalance <= 1e-9) & (outside <= 1e-9)).sum())
    gaps = _Elastic(S)
    feasible = [gaps.feasible(problems.lower[row], problems.upper[row]) for row in np.flatnonzero(~solved)]
    said = [status == INFEASIBLE for status in np.array(solution.status)[~solved]]
    wrong = sum(f and s for f, s in zip(feasible, said, strict=True)) + len(flux) - kept
    rows = np.flatnonzero(solved)[:checked]
    certified = [_excess(S, tuple(array[row] for array in arrays), solution.fluxes[row].numpy()) for row in rows]
    return HostileRow(
        network.id,
        problems.kind,
        len(solved),
        int(solved.sum()) + sum(feasible),
        int(solved.sum()),
        len(solved) - int(solved.sum()) - sum(said),
        int(wrong),
        float(imbalance.max(initial=0.0)),
        float(outside.max(initial=0.0)),
        max(certified, default=0.0),
    )


class _Elastic:
    """A linear program that decides feasibility by the least sum of imbalances."""

    def __init__(self, matrix: Any) -> None:
        rows, self._columns = matrix.shape
        identity = scipy.sparse.eye_array(rows)
        costs = np.concatenate([np.zeros(self._columns), np.ones(2 * rows)])
        self._program = LinearProgram(scipy.sparse.hstack([matrix, identity, -identity]), costs, "min")
        self._free = np.zeros(2 * rows), np.full(2 * rows, np.inf)

    def feasible(self, lower: np.ndarray, upper: np.ndarray) -> bool:
        """Return whether the bounds admit a flux, to about 1e-8."""
        found = self._program.solve(np.append(lower, self._free[0]), np.append(upper, self._free[1]))
        return found.status == OPTIMAL and found.objective <= ELASTIC


def _excess(matrix: Any, problem: tuple[np.ndarray, ...], flux: np.ndarray) -> float:
    """Return an upper bound of how far the objective is above its minimum, relative to the sizes of its terms.

    The objective is convex: no feasible u is lower by more than gradient · (v − u), and a linear program finds the
    largest of these (Frank and Wolfe 1956, doi 10.1002/nav.3800030109). Zero where that program has no optimum.
    """
    target, lower, upper, weight = problem
    gradient = weight * (flux - target)
    scale = np.abs(gradient).max(initial=0.0)
    if scale == 0.0:
        return 0.0
    # Bounds that were crossed by rounding would make the program infeasible.
    corner = LinearProgram(matrix, gradient / scale, "min").solve(np.minimum(lower, flux), np.maximum(upper, flux))
    if corner.status != OPTIMAL:
        return 0.0
    # Rounding a flux to float64 moves the gradient by its weight times that: the sizes are those before they cancel.
    # One is added to those of the flux because the promise, and the program's tolerance, are absolute below one.
    size = (weight * (np.abs(flux) + np.abs(target))) @ (1.0 + np.abs(flux) + np.abs(corner.values))
    return float(max(gradient @ (flux - corner.values) / max(size, 1e-300), 0.0))
