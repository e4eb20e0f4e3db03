"""Fluxes of many media: FBA, parsimonious FBA, minimum-norm FBA."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from metagnn.errors import InputError, TableError, unknown_name
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.least_norm import LeastNorm
from metagnn.fba.parsimonious import Optimum, ParsimoniousOptimum
from metagnn.fba.table_values import numeric_values, require_rows
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.optimize.linear_program import OPTIMAL

METHODS = ("min_norm", "pfba", "fba")

SAMPLE = "sample"
"""The column of a table that names its rows; everything else is an exchange."""

TOLERANCE = 1e-8
"""Largest |S v| and violation of a bound that a label may have [mmol/gDW/h]."""

Progress = Callable[[int, int], object]
"""Called with how many media are done, and of how many."""


def simulate_fluxes(
    network: MetabolicNetwork, media: pd.DataFrame, method: str = "min_norm", *, progress: Progress | None = None
) -> FluxSolutions:
    """Fluxes of many media.

    Growth is the same for every method; the fluxes are not. "fba" returns any optimum, which depends on the order
    of the media. "pfba" takes the least total flux Σ|v|, unique on small networks. "min_norm" takes the
    least Σv², which is unique always: the choice for labels.

    Args:
        network: The network.
        media: One row for every medium; columns are exchanges, values the largest uptake ≥ 0 [mmol/gDW/h]. An
            exchange that is not named keeps the network's bounds. A column `sample` is left out.
        method: "min_norm", "pfba" or "fba".
        progress: Called with how many media are done, and of how many.

    Returns:
        Every medium's row, with NaN and its status where there is no optimum; these are counted in a warning.

    Raises:
        InputError: An unknown method, or media that are no DataFrame.
        NetworkError: No growth reaction, or no exchanges.
        TableError: No rows, unknown or duplicated columns, text among numbers, or an uptake below zero.

    >>> from metagnn.network import load_network
    >>> media = pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 0.0]})
    >>> simulate_fluxes(load_network("e_coli_core"), media).growth.round(4).tolist()
    [0.4156, 0.2117]
    """
    names, uptakes = media_values(network, media)
    simulator = FluxSimulator(network, names, method)
    fluxes, status = simulator.solve(uptakes, progress)
    solutions = collect_solutions(network, media.index, fluxes, status, method)
    warn_unsolved(solutions.status)
    return solutions


def media_values(network: MetabolicNetwork, media: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Names of a table's exchanges and its uptakes, shape `[samples, exchanges]` [mmol/gDW/h].

    Raises:
        TableError: No rows, unknown or duplicated columns, text among numbers, or an uptake below zero.
    """
    media = require_rows(media, "media")
    kept = [position for position, name in enumerate(media.columns) if name != SAMPLE]
    names = [str(media.columns[position]) for position in kept]
    if not names:
        raise TableError("`media` names no exchange; expected exchange ids, such as 'EX_glc__D_e'")
    check_exchanges(names, network.require_exchanges(), network.reactions, network.id)
    uptakes = numeric_values(media.iloc[:, kept])
    network.uptake_bounds(names, uptakes)
    return names, uptakes


def collect_solutions(
    network: MetabolicNetwork, index: pd.Index, fluxes: np.ndarray, status: Sequence[str], method: str
) -> FluxSolutions:
    """Arrays of fluxes, shape `[samples, reactions]` [mmol/gDW/h], and statuses as `FluxSolutions`."""
    table = pd.DataFrame(fluxes, index=index, columns=list(network.reactions))
    return FluxSolutions(
        table, pd.Series(list(status), index=index, name="status", dtype=object), table[network.growth_reaction], method
    )


def warn_unsolved(status: pd.Series) -> None:
    """Count, in one warning, the media without an optimum; silent if there are none."""
    unsolved = Counter(str(text).partition(":")[0] for text in status if text != OPTIMAL)
    if unsolved:
        verbs = {"failed": "failed"}
        counts = ", ".join(
            f"{count} of {len(status)} media {verbs.get(kind, f'are {kind}')}" for kind, count in unsolved.items()
        )
        warnings.warn(f"{counts}; their rows are NaN", stacklevel=3)


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
        if method not in METHODS:
            raise InputError("`method`: " + unknown_name(str(method), METHODS, "method"))
        growth = network.reaction_index(network.growth_reaction)
        self._network, self._names = network, list(names)
        self._matrix = network.stoichiometry.to_scipy().tocsc()
        varying = np.array([network.reaction_index(name) for name in names], dtype=np.int64)
        objective = np.zeros(len(network.reactions))
        objective[growth] = 1.0
        self._least_norm = LeastNorm(self._matrix, objective, varying) if method == "min_norm" else None
        self._one_by_one: Optimum | ParsimoniousOptimum = Optimum(self._matrix, objective)
        if method == "pfba":
            backward = network.bounds.lower < 0
            backward[varying] = True
            self._one_by_one = ParsimoniousOptimum(self._matrix, growth, backward)

    def solve(self, uptakes: np.ndarray, progress: Progress | None = None) -> tuple[np.ndarray, list[str]]:
        """Fluxes of media and the status of each.

        Args:
            uptakes: Largest uptakes ≥ 0, shape `[samples, exchanges]` [mmol/gDW/h].
            progress: Called with how many media are done, and of how many.

        Returns:
            Fluxes, shape `[samples, reactions]` [mmol/gDW/h], NaN where the status is not "optimal".
        """
        lower, upper = self._network.uptake_bounds(self._names, uptakes)
        report = progress or (lambda done, total: None)
        if self._least_norm is not None:
            fluxes, status = self._least_norm.solve(lower, upper, lambda done: report(done, len(lower)))
        else:
            fluxes, status = np.full(lower.shape, np.nan), []
            for row in range(len(lower)):
                solution = self._one_by_one.solve(lower[row], upper[row])
                fluxes[row] = solution.values
                status.append(solution.status)
                report(row + 1, len(lower))
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
