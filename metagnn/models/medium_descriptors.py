"""What a substrate is, in a few numbers that hold for every network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metagnn.network.elements import balance_weights, stated
from metagnn.network.metabolic_network import MetabolicNetwork

USUAL_CARBON = 6.0
"""Carbon atoms of the usual substrate, glucose."""

USUAL_REDUCTION = 4.0
"""Degree of reduction per carbon of a sugar."""

NAMES = ("log_carbon", "reduction", "nitrogen", "other", "charge", "unknown")
"""Columns of the descriptors."""


def medium_descriptors(network: MetabolicNetwork, exchanges: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Describe the substrates of exchanges.

    Args:
        network: The network.
        exchanges: Exchanges of the network.

    Returns:
        Descriptors, shape `[exchanges, descriptors]`, zero for glucose and wherever the model does not say; and carbon
        atoms per molecule, shape `[exchanges]`.
    """
    columns = [network.reaction_index(name) for name in exchanges]
    taken = np.abs(network.mass_balances().tocsc()[:, columns].toarray()).T
    table = network.metabolite_table
    carbon, nitrogen, charge, electrons = (
        taken @ balance_weights(table, balance) for balance in ("C", "N", "charge", "electrons")
    )
    others = taken @ (balance_weights(table, "P") + balance_weights(table, "S"))
    known = taken @ ~stated(table, "C") == 0
    organic = known & (carbon > 0)
    atoms = np.where(organic, carbon, 1.0)
    rows = (
        np.where(organic, np.log(atoms / USUAL_CARBON), 0.0),
        np.where(organic, electrons / atoms - USUAL_REDUCTION, 0.0),
        np.where(organic, nitrogen / atoms, 0.0),
        np.where(organic, np.sign(others), 0.0),
        np.where(organic, np.tanh(charge / 2.0), 0.0),
        (~organic).astype(np.float64),
    )
    return np.stack(rows, axis=1), np.where(organic, carbon, np.where(known, 0.0, USUAL_CARBON))
