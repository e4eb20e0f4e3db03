"""Bounds of every flux during reconciliation."""

from __future__ import annotations

import numpy as np

from metagnn.analysis.reconciliation.exchange_laws import MINERAL_STD, ExchangeLaws
from metagnn.analysis.reconciliation.trace_exchanges import boundary_reactions
from metagnn.errors import InputError, unknown_name
from metagnn.network.metabolic_network import MetabolicNetwork

ENERGY = ("free", "keep")
NO_BOUND = 999.0
"""Size from which a bound counts as none: models write 1000 for unlimited [mmol/gDW/h]."""


def check_energy(energy: str) -> None:
    """Raise unless `energy` is known.

    Raises:
        InputError: Naming the valid choices.
    """
    if energy not in ENERGY:
        raise InputError("`energy`: " + unknown_name(str(energy), ENERGY, "way to treat energy"))


def reconciliation_bounds(
    exchange_laws: ExchangeLaws, measured: np.ndarray, opened: np.ndarray, energy: str = "free"
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of every flux, each of shape `[reactions]` [mmol/gDW/h].

    Measured reactions lose their bounds: the flux was observed, whatever medium the model assumes. Absent exchanges
    are closed; unmeasured minerals can only be taken up. `energy="free"` removes the bounds of every forced internal
    flux, such as the maintenance demand for ATP, so that matter alone decides. A model's demand for ATP is an
    estimate for one strain; carbon-limited chemostats often fall below it.

    Args:
        exchange_laws: The laws of the boundary fluxes.
        measured: Whether a reaction was measured in some sample, boolean, shape `[reactions]`.
        opened: Whether the user opened an exchange that was not measured, shape `[reactions]`.
        energy: "free" or "keep".
    """
    check_energy(energy)
    network: MetabolicNetwork = exchange_laws.network
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    crossing = boundary_reactions(network)
    known = np.zeros(len(lower), dtype=bool)
    known[exchange_laws.indices] = True
    closed = crossing & ~known
    lower[closed], upper[closed] = 0.0, 0.0
    minerals = np.zeros(len(lower), dtype=bool)
    minerals[exchange_laws.indices] = exchange_laws.unmeasured_std == MINERAL_STD
    only_in = minerals & ~measured & ~opened
    upper[only_in] = np.minimum(upper[only_in], 0.0)
    lower[measured], upper[measured] = -np.inf, np.inf
    growth = int(exchange_laws.indices[-1])
    lower[growth] = max(float(network.bounds.lower[growth]), 0.0)
    upper[growth] = np.inf
    further = network.further_constraints.columns
    forced = ((lower > 0) | (upper < 0)) & ~crossing & (np.arange(len(lower)) != growth)
    forced[further] = False
    if energy == "free":
        lower[forced], upper[forced] = -np.inf, np.inf
    # Left in, a bound of 1000 that stands for none worsens the conditioning of the quadratic program.
    lower, upper = np.where(lower <= -NO_BOUND, -np.inf, lower), np.where(upper >= NO_BOUND, np.inf, upper)
    lower[further], upper[further] = network.bounds.lower[further], network.bounds.upper[further]
    return lower, upper
