"""Solve media in batches with solvers that stay in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.choices import METHODS
from metagnn.errors import InputError, unknown_name
from metagnn.fba.law_errors import fail_violations
from metagnn.fba.least_norm import LeastNorm
from metagnn.fba.parsimonious import ParsimoniousOptimum
from metagnn.fba.plain_optimum import PlainOptimum
from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.network.knockout import Knockouts
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.progress import Report

VARIABLE_WEIGHT = 1e-6
"""Weight of the square of a further variable in a least norm of fluxes, so that it has one value where they leave it
open; it moves the fluxes by about this part."""

USUAL_UPTAKE = 10.0
"""Uptake of every varying exchange in the medium that large networks are solved from [mmol/gDW/h]."""


def check_method(method: str) -> None:
    """Raise `InputError` unless the method is known."""
    if method not in METHODS:
        raise InputError("`method`: " + unknown_name(str(method), METHODS, "method"))


class FluxSimulator:
    """A solver of media in batches; each batch reuses what the solvers learned from earlier ones.

    What a medium gets depends on the network, the method, the set of varying exchanges and the medium alone, to the
    last digit: not on its batch, its neighbours or what was solved before. Threads can share one: each has its own
    solvers. Copies, pickles and worker processes start afresh.

    Args:
        network: The network.
        names: Exchanges whose uptake varies, one per column of the uptakes.
        method: "min_norm", "pfba" or "fba".

    Raises:
        InputError: The method is unknown.
        NetworkError: There is no growth reaction.
    """

    def __init__(self, network: NetworkLike, names: Sequence[str], method: str = "min_norm") -> None:
        network = as_network(network)
        check_method(method)
        growth = network.reaction_index(network.growth_reaction)
        self._network, self._names = network, list(names)
        self._matrix = network.stoichiometry.to_scipy().tocsc()
        varying = np.array([network.reaction_index(name) for name in names], dtype=np.int64)
        order, uncounted = 1 if method == "pfba" else 2, network.further_constraints.columns
        widest = self._widest()
        self._problem = ReducedProblem(self._matrix, growth, widest, order, uncounted)
        coupled = self._problem.coupled
        groups, matrix = coupled.groups_with(varying), coupled.matrix
        lower, upper = coupled.group_bounds(network.bounds.lower, network.bounds.upper)
        self._engine: LeastNorm | PlainOptimum | ParsimoniousOptimum
        squares, further = self._problem.squares.copy(), network.further_constraints
        variables = coupled.groups_with(np.setdiff1d(further.columns, further.slacks))
        squares[variables] = np.maximum(squares[variables], VARIABLE_WEIGHT)
        if method == "min_norm":
            pinned = lower == upper
            pinned[groups] = False
            self._engine = LeastNorm(matrix, self._problem.objective, groups, squares, pinned)
        elif method == "pfba":
            backward = lower < 0
            backward[groups] = True
            weights = self._problem.weights
            self._engine = ParsimoniousOptimum(matrix, self._problem.growth, backward, groups, weights, squares)
        else:
            self._engine = PlainOptimum(matrix, self._problem.objective, groups, coupled.group_bounds(*widest))
        usual = network.uptake_bounds(self._names, np.full((1, len(self._names)), USUAL_UPTAKE))
        low, high = coupled.group_bounds(*usual)
        self._engine.anchor(low[0], high[0])

    def _widest(self) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds that contain every medium: any uptake of the exchanges that vary."""
        lower, upper = self._network.bounds.lower.copy(), self._network.bounds.upper.copy()
        forward = dict(zip(self._network.exchanges, self._network.imports_forward, strict=True))
        for name in self._names:
            at = self._network.reaction_index(name)
            inward, outward = (upper, lower) if forward[name] else (lower, upper)
            inward[at] = np.inf if forward[name] else -np.inf
            outward[at] = min(outward[at], 0.0) if forward[name] else max(outward[at], 0.0)
        return lower, upper

    def solve(
        self,
        uptakes: np.ndarray,
        progress: Report | None = None,
        knockouts: Knockouts | None = None,
        within: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> tuple[np.ndarray, list[str]]:
        """Compute the fluxes and the status of every medium.

        Args:
            uptakes: Largest uptakes ≥ 0, shape `[samples, exchanges]` [mmol/gDW/h].
            progress: Called with the number of media done and their total.
            knockouts: Reactions that are knocked out in the samples.
            within: Lower and upper bounds, each of shape `[samples, reactions]`, that a label must keep, the bounds it
                is solved with by default [mmol/gDW/h].

        Returns:
            Fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where the status is not "optimal".
        """
        lower, upper = self._network.uptake_bounds(self._names, uptakes)
        if knockouts is not None:
            knockouts.close(lower, upper)
        report = progress or (lambda done, total: None)
        bounds = self._problem.coupled.group_bounds(lower, upper)
        values, status = self._engine.solve(*bounds, lambda done: report(done, len(lower)))
        fluxes = self._problem.coupled.expand(values)
        fail_violations(self._matrix, fluxes, status, *(within or (lower, upper)))
        return fluxes, status
