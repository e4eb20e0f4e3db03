"""Bounds under which measured rates are reconciled: the laws of matter, and directions of reactions."""

from __future__ import annotations

import numpy as np

from metagnn.analysis.reconciliation.exchange_laws import MINERAL_STD, Border
from metagnn.analysis.reconciliation.trace_exchanges import border_reactions
from metagnn.errors import InputError, unknown_name
from metagnn.network.metabolic_network import MetabolicNetwork

ENERGY = ("free", "keep")
NO_BOUND = 999.0
"""Bound from which on it stands for none, as models write it [mmol/gDW/h]."""


def check_energy(energy: str) -> None:
    """Raise unless `energy` is known.

    Raises:
        InputError: Naming the valid choices.
    """
    if energy not in ENERGY:
        raise InputError("`energy`: " + unknown_name(str(energy), ENERGY, "way to treat energy"))


def reconciliation_bounds(
    border: Border, measured: np.ndarray, opened: np.ndarray, energy: str = "free"
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of every flux, each of shape `[reactions]` [mmol/gDW/h].

    What was measured did happen, whatever the medium of the model says: its bounds open. What was not measured and is
    absent is closed; minerals are taken up only. "free" lifts every forced flux inside the cell, such as maintenance,
    and lets it run either way: energy is then no constraint, and matter alone decides. The demand for ATP of a model
    is an estimate for one strain; carbon-limited chemostats often fall below it.

    Args:
        border: The border.
        measured: Whether a reaction was measured in some sample, boolean, shape `[reactions]`.
        opened: Whether the user opened an exchange that was not measured, the same shape.
        energy: "free" or "keep".
    """
    check_energy(energy)
    network: MetabolicNetwork = border.network
    lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
    crossing = border_reactions(network)
    known = np.zeros(len(lower), dtype=bool)
    known[border.indices] = True
    closed = crossing & ~known
    lower[closed], upper[closed] = 0.0, 0.0
    minerals = np.zeros(len(lower), dtype=bool)
    minerals[border.indices] = border.unmeasured_std == MINERAL_STD
    only_in = minerals & ~measured & ~opened
    upper[only_in] = np.minimum(upper[only_in], 0.0)
    lower[measured], upper[measured] = -np.inf, np.inf
    growth = int(border.indices[-1])
    lower[growth] = max(float(network.bounds.lower[growth]), 0.0)
    upper[growth] = np.inf
    forced = ((lower > 0) | (upper < 0)) & ~crossing & (np.arange(len(lower)) != growth)
    if energy == "free":
        lower[forced], upper[forced] = -np.inf, np.inf
    # A bound of a thousand stands for none; left in, it only ruins the conditioning of the quadratic program.
    return np.where(lower <= -NO_BOUND, -np.inf, lower), np.where(upper >= NO_BOUND, np.inf, upper)
