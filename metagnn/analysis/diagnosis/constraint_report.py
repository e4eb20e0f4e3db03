"""Report how well predicted fluxes obey balances and bounds, sample by sample."""

from __future__ import annotations

import contextlib

import numpy as np
import torch

from metagnn.errors import NetworkError
from metagnn.losses.bounds import bound_violation
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.co2 import CO2Readout


def constraint_report(
    network: MetabolicNetwork, conditions: Conditions, fluxes: np.ndarray, feasible: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute imbalance, bound violation, status and, with a carbon balance, CO2 by the balance and by its exchange.

    Args:
        network: The network, with the biomass column of the prediction.
        conditions: The inputs of the model.
        fluxes: Predicted fluxes, shape `[samples, reactions]` [mmol/gDW/h].
        feasible: Which samples some flux satisfies, shape `[samples]`.
    """
    fluxes = network.further_constraints.settle(network.stoichiometry.to_scipy(), fluxes)
    exact = torch.from_numpy(fluxes)
    columns = {
        "max_abs_sv": network.stoichiometry(exact).abs().amax(-1).numpy(),
        "max_bound_violation": bound_violation(exact, conditions.lower, conditions.upper).amax(-1).numpy(),
        "status": np.where(~feasible, "infeasible", np.where(np.isnan(fluxes).any(axis=1), "failed", "ok")),
    }
    with contextlib.suppress(NetworkError):
        readout = CO2Readout(network)
        columns |= {"co2_readout": readout(exact).numpy(), "co2_exchange": fluxes[:, readout.co2_index]}
    return columns
