"""Bounds of every flux during reconciliation."""

from __future__ import annotations

import numpy as np

from metagnn.analysis.reconciliation.exchange_laws import MINERAL_STD, ExchangeLaws
from metagnn.analysis.reconciliation.trace_exchanges import boundary_reactions, without_demands
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
    exchange_laws: ExchangeLaws, observed: np.ndarray, opened: np.ndarray, energy: str = "free"
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of every flux, each of shape `[reactions]` [mmol/gDW/h].

    Absent exchanges are closed. Observed exchanges are open both ways: they were there, whatever medium the model
    assumes. Observed internal fluxes keep the model's directions, if it has any, and lose its limits. Exchanges that
    are present but not observed keep the directions and lose the limits too; unmeasured minerals can only be taken up.
    What growth needs beyond the measured may flow in the direction in which growth needs it.
    `energy="free"` lifts every forced flux, such as the maintenance demand for ATP, down to zero, so that matter alone
    decides. A model's demand for ATP is an estimate for one strain; carbon-limited chemostats often fall below it.

    Args:
        exchange_laws: The laws of the boundary fluxes.
        observed: Whether the data name a reaction: measured in some sample, or withheld; boolean, shape `[reactions]`.
        opened: Whether the user opened an exchange that was not measured, shape `[reactions]`.
        energy: "free" or "keep".
    """
    check_energy(energy)
    network: MetabolicNetwork = exchange_laws.network
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    crossing, growth = boundary_reactions(network), int(exchange_laws.indices[-1])
    inside = ~crossing
    inside[growth] = False
    known = np.zeros(len(lower), dtype=bool)
    known[exchange_laws.indices] = True
    std = np.full(len(lower), np.inf)
    std[exchange_laws.indices] = exchange_laws.unmeasured_std
    wide = known & crossing & (observed | opened | (std < MINERAL_STD))
    # Blocked in the model, yet observed: the model's directions say nothing.
    wide |= inside & observed & (lower == 0) & (upper == 0)
    lower[wide], upper[wide] = -np.inf, np.inf
    unlimited = known & (crossing | (inside & observed))
    lower[unlimited & (lower < 0)], upper[unlimited & (upper > 0)] = -np.inf, np.inf
    # Growth needs them, whatever medium the model assumes.
    nutrients = exchange_laws.nutrients
    lower[exchange_laws.indices[nutrients < 0]], upper[exchange_laws.indices[nutrients > 0]] = -np.inf, np.inf
    only_in, forward = crossing & (std == MINERAL_STD) & ~observed & ~opened, np.zeros_like(known)
    forward[network.exchange_indices] = network.imports_forward
    upper[only_in & ~forward] = np.minimum(upper[only_in & ~forward], 0.0)
    lower[only_in & forward] = np.maximum(lower[only_in & forward], 0.0)
    lower[crossing & ~known], upper[crossing & ~known] = 0.0, 0.0
    lower[growth], upper[growth] = max(float(lower[growth]), 0.0), np.inf
    if energy == "free":
        lower, upper = without_demands(lower, upper)
    # Left in, a bound of 1000 that stands for none worsens the conditioning of the quadratic program.
    lower, upper = np.where(lower <= -NO_BOUND, -np.inf, lower), np.where(upper >= NO_BOUND, np.inf, upper)
    further = network.further_constraints.columns
    lower[further], upper[further] = network.bounds.lower[further], network.bounds.upper[further]
    return lower, upper
