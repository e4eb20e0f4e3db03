"""One medium after another through solvers that stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from metagnn.errors import InputError, unknown_name
from metagnn.fba.law_errors import law_errors
from metagnn.fba.least_norm import LeastNorm
from metagnn.fba.parsimonious import Optimum, ParsimoniousOptimum
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.bounds import without_limits
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import INFEASIBLE, OPTIMAL, UNBOUNDED

METHODS = ("min_norm", "pfba", "fba")

TOLERANCE = 1e-8
"""Largest |S v| and violation of a bound that a label may have [mmol/gDW/h]."""

Progress = Callable[[int, int], object]
"""Called with how many media are done, and of how many."""


def check_method(method: str) -> None:
    """Raise `InputError` unless it is a method."""
    if method not in METHODS:
        raise InputError("`method`: " + unknown_name(str(method), METHODS, "method"))


class FluxSimulator:
    """Solves media in batches; what one batch taught the solvers serves the next.

    Bounds that stand for none are infinite to the solvers, whatever number a model writes for it. A label that
    then leaves the network's own bounds is solved again within them.

    Args:
        network: The network.
        names: Exchanges whose uptake varies, one per column of the uptakes.
        method: "min_norm", "pfba" or "fba".

    Raises:
        InputError: An unknown method.
        NetworkError: No growth reaction.
    """

    def __init__(self, network: MetabolicNetwork, names: Sequence[str], method: str = "min_norm") -> None:
        check_method(method)
        network.reaction_index(network.growth_reaction)
        self._network, self._names, self._method = network, list(names), method
        self._matrix = network.stoichiometry.to_scipy().tocsc()
        self._open: _Solver | None = _Solver(network, self._names, method, network.bounds.unlimited)
        self._stated: _Solver | None = None

    def solve(
        self, uptakes: np.ndarray, progress: Progress | None = None, knockouts: Knockouts | None = None
    ) -> tuple[np.ndarray, list[str]]:
        """Fluxes of media and the status of each.

        Args:
            uptakes: Largest uptakes ≥ 0, shape `[samples, exchanges]` [mmol/gDW/h].
            progress: Called with how many media are done, and of how many.
            knockouts: Reactions that the samples go without.

        Returns:
            Fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where the status is not "optimal".
        """
        lower, upper = self._network.uptake_bounds(self._names, uptakes)
        if knockouts is not None:
            knockouts.close(lower, upper)
        fluxes, status = np.full(lower.shape, np.nan), [""] * len(lower)
        left = np.arange(len(lower))
        # Where growth is unbounded on one medium it is on all that can be met: the first one tells.
        for part in (left[:1], left[1:]) if self._open is not None else ():
            if self._open is not None and len(part):
                self._label(self._open, part, (lower, upper), (fluxes, status), progress)
                self._open = None if status[part[0]] == UNBOUNDED and len(part) == 1 else self._open
        left = np.flatnonzero([text not in (OPTIMAL, INFEASIBLE) for text in status])
        if len(left):
            if self._stated is None:
                self._stated = _Solver(self._network, self._names, self._method, np.inf)
            self._label(self._stated, left, (lower, upper), (fluxes, status), progress)
        return fluxes, status

    def _label(
        self,
        solver: _Solver,
        rows: np.ndarray,
        bounds: tuple[np.ndarray, np.ndarray],
        labels: tuple[np.ndarray, list[str]],
        progress: Progress | None,
    ) -> None:
        """Solve some rows, and refuse every label that misses steady state or a bound, in place.

        Solvers are not taken at their word.
        """
        (lower, upper), (fluxes, status) = bounds, labels
        report = progress or (lambda done, total: None)
        before, total = len(lower) - len(rows), len(lower)
        low, high = lower[rows], upper[rows]
        fluxes[rows], said = solver.solve(low, high, lambda done: report(max(before, 0) + done, total))
        worst = np.maximum(*law_errors(self._matrix, fluxes[rows], low, high))
        for row, text, error in zip(rows, said, worst, strict=True):
            status[row] = text
            if error > TOLERANCE:
                status[row] = f"failed: residual {error:.1e} mmol/gDW/h"
                fluxes[row] = np.nan


class _Solver:
    """The groups of a network and what solves them, for bounds of which those from a size on stand for none."""

    def __init__(self, network: MetabolicNetwork, names: Sequence[str], method: str, unlimited: float) -> None:
        self._unlimited = unlimited
        varying = np.array([network.reaction_index(name) for name in names], dtype=np.int64)
        widest = without_limits(*_widest(network, names), unlimited)
        growth = network.reaction_index(network.growth_reaction)
        matrix = network.stoichiometry.to_scipy().tocsc()
        self._problem = ReducedProblem(matrix, growth, widest, 1 if method == "pfba" else 2)
        groups, matrix = self._problem.groups_of(varying), self._problem.matrix
        own = without_limits(network.bounds.lower, network.bounds.upper, unlimited)
        lower, upper = self._problem.bounds(*own)
        self._engine: LeastNorm | Optimum | ParsimoniousOptimum
        if method == "min_norm":
            pinned = lower == upper
            pinned[groups] = False
            self._engine = LeastNorm(matrix, self._problem.objective, groups, pinned)
        elif method == "pfba":
            backward = lower < 0
            backward[groups] = True
            self._engine = ParsimoniousOptimum(matrix, self._problem.growth, backward, groups)
        else:
            self._engine = Optimum(matrix, self._problem.objective, groups)

    def solve(
        self, lower: np.ndarray, upper: np.ndarray, progress: Callable[[int], object]
    ) -> tuple[np.ndarray, list[str]]:
        """Fluxes of all reactions, and the status of every row."""
        bounds = self._problem.bounds(*without_limits(lower, upper, self._unlimited))
        values, status = self._engine.solve(*bounds, progress)
        return self._problem.expand(values), status


def _widest(network: MetabolicNetwork, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Bounds that hold every medium: any uptake of the exchanges that vary."""
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    forward = dict(zip(network.exchanges, network.imports_forward, strict=True))
    for name in names:
        at = network.reaction_index(name)
        inward, outward = (upper, lower) if forward[name] else (lower, upper)
        inward[at] = np.inf if forward[name] else -np.inf
        outward[at] = min(outward[at], 0.0) if forward[name] else max(outward[at], 0.0)
    return lower, upper
