"""Find the feasible flux nearest to measured rates, weighted by their noise: one quadratic program a sample.

The caller gives the bounds of every sample and a network with a known biomass; nothing is fitted. It is the reference
for learned models. `metagnn.analysis.reconciliation` is for a table of
measurements: it chooses the bounds, fits the composition of biomass, and adds intervals and tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn.errors import InputError
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.quadratic_program import QuadraticProgram
from metagnn.progress import Report, reported

PRIOR = 1e-4
"""Weight of the square of an unmeasured flux [1/(mmol/gDW/h)²]: of all fluxes that fit alike, it selects the smallest.
A factor of ten changes the errors on e_coli_core in the third digit."""


@dataclass(frozen=True, eq=False, repr=False)
class ReconciledFluxes:
    """Nearest feasible fluxes, and whether each was found.

    Attributes:
        fluxes: Shape `[samples, reactions]`, without `slacks` [mmol/gDW/h]; NaN unless the status is "optimal".
        status: "optimal", "infeasible", or "failed: " and the reason, one a sample.
        reactions: Names of the columns.
    """

    fluxes: np.ndarray
    status: tuple[str, ...]
    reactions: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The fluxes with named columns, one row a sample [mmol/gDW/h]."""
        return pd.DataFrame(self.fluxes, columns=list(self.reactions))

    def __repr__(self) -> str:
        found = sum(state == "optimal" for state in self.status)
        return f"ReconciledFluxes({len(self.status)} samples, {found} optimal, {len(self.reactions)} reactions)"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.table.to_html(max_rows=10, max_cols=10)}"


def reconcile_rates(
    network: NetworkLike,
    bounds: tuple[np.ndarray, np.ndarray],
    measured: np.ndarray,
    deviation: np.ndarray,
    progress: bool | Report | None = None,
) -> ReconciledFluxes:
    r"""Find the flux at steady state and within bounds that the measurements make most likely, sample by sample.

    $\min_v \sum_{i\,\text{measured}} (v_i - m_i)^2 / \sigma_i^2 + \epsilon \sum_{i\,\text{not}} v_i^2$ subject to
    $S v = 0$ and the bounds: data reconciliation (van der Heijden et al. 1994, doi 10.1002/bit.260430104) with the
    bounds of the network.

    Args:
        network: The network.
        bounds: Lower and upper bounds, each of shape `[samples, reactions]` [mmol/gDW/h].
        measured: Measured fluxes, the same shape, NaN where nothing was measured [mmol/gDW/h].
        deviation: Their standard deviations, the same shape [mmol/gDW/h].
        progress: Whether to show a progress bar, or what to call with how many samples are done, and of how many, as
            for `simulate_fluxes`.

    Raises:
        InputError: Arrays of different shapes, or a measurement without a positive deviation.
    """
    network = as_network(network)
    lower, upper = bounds
    shape = (len(measured), len(network.reactions))
    for name, array in (("lower", lower), ("upper", upper), ("measured", measured), ("deviation", deviation)):
        if array.shape != shape:
            raise InputError(f"`{name}` has shape {array.shape}; expected {shape}")
    known = ~np.isnan(measured)
    if not (deviation[known] > 0).all():
        raise InputError("`deviation` must be positive wherever `measured` has a value")
    weights = np.where(known, np.where(known, deviation, 1.0) ** -2.0, PRIOR)
    weights[:, network.further_constraints.columns] = 0.0
    targets = weights * np.where(known, measured, 0.0)
    matrix = network.stoichiometry.to_scipy()
    fluxes, status = np.full(shape, np.nan), []
    with reported(progress, len(measured), "samples") as report:
        for row in range(len(measured)):
            solution = QuadraticProgram(matrix, weights[row]).solve(targets[row], lower[row], upper[row])
            fluxes[row] = solution.values
            status.append(solution.status)
            report(row + 1, len(measured))
    return ReconciledFluxes(network.own_fluxes(fluxes), tuple(status), network.own_reactions)
