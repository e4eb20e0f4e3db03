"""One medium after another through solvers that stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from metagnn.errors import InputError, unknown_name
from metagnn.fba.law_errors import law_errors
from metagnn.fba.least_norm import LeastNorm
from metagnn.fba.parsimonious import Optimum, ParsimoniousOptimum
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork

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
        growth = network.reaction_index(network.growth_reaction)
        self._network, self._names = network, list(names)
        self._matrix = network.stoichiometry.to_scipy().tocsc()
        varying = np.array([network.reaction_index(name) for name in names], dtype=np.int64)
        self._problem = ReducedProblem(self._matrix, growth, self._widest(), 1 if method == "pfba" else 2)
        groups, matrix = self._problem.groups_of(varying), self._problem.matrix
        lower, upper = self._problem.bounds(network.bounds.lower, network.bounds.upper)
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

    def _widest(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds that hold every medium: any uptake of the exchanges that vary."""
        lower, upper = self._network.bounds.lower.copy(), self._network.bounds.upper.copy()
        forward = dict(zip(self._network.exchanges, self._network.imports_forward, strict=True))
        for name in self._names:
            at = self._network.reaction_index(name)
            inward, outward = (upper, lower) if forward[name] else (lower, upper)
            inward[at] = np.inf if forward[name] else -np.inf
            outward[at] = min(outward[at], 0.0) if forward[name] else max(outward[at], 0.0)
        return lower, upper

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
        report = progress or (lambda done, total: None)
        bounds = self._problem.bounds(lower, upper)
        values, status = self._engine.solve(*bounds, lambda done: report(done, len(lower)))
        return self._verify(self._problem.expand(values), status, lower, upper)

    def _verify(
        self, fluxes: np.ndarray, status: list[str], lower: np.ndarray, upper: np.ndarray
    ) -> tuple[np.ndarray, list[str]]:
        """Refuse every label that misses steady state or a bound; solvers are not taken at their word."""
        worst = np.maximum(*law_errors(self._matrix, fluxes, lower, upper))
        for row in np.flatnonzero(worst > TOLERANCE):
            status[row] = f"failed: residual {worst[row]:.1e} mmol/gDW/h"
            fluxes[row] = np.nan
        return fluxes, status
