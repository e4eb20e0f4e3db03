"""One medium after another through solvers that stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from metagnn.errors import InputError, unknown_name
from metagnn.fba.least_norm import LeastNorm
from metagnn.fba.parsimonious import Optimum, ParsimoniousOptimum
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
        objective = np.zeros(len(network.reactions))
        objective[growth] = 1.0
        pinned = network.bounds.lower == network.bounds.upper
        pinned[varying] = False
        self._engine: LeastNorm | Optimum | ParsimoniousOptimum
        if method == "min_norm":
            self._engine = LeastNorm(self._matrix, objective, varying, pinned)
        elif method == "pfba":
            backward = network.bounds.lower < 0
            backward[varying] = True
            self._engine = ParsimoniousOptimum(self._matrix, growth, backward, varying)
        else:
            self._engine = Optimum(self._matrix, objective, varying)

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
        fluxes, status = self._engine.solve(lower, upper, lambda done: report(done, len(lower)))
        return self._verify(fluxes, status, lower, upper)

    def _verify(
        self, fluxes: np.ndarray, status: list[str], lower: np.ndarray, upper: np.ndarray
    ) -> tuple[np.ndarray, list[str]]:
        """Refuse every label that misses steady state or a bound; solvers are not taken at their word."""
        residual = np.abs(self._matrix @ fluxes.T).max(axis=0, initial=0.0)
        violation = np.maximum(lower - fluxes, fluxes - upper).max(axis=1, initial=0.0)
        worst = np.maximum(residual, violation)
        for row in np.flatnonzero(worst > TOLERANCE):
            status[row] = f"failed: residual {worst[row]:.1e} mmol/gDW/h"
            fluxes[row] = np.nan
        return fluxes, status
