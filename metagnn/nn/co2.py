"""Compute unmeasured CO2 from the carbon balance."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from metagnn._typing import GivenFluxes
from metagnn.errors import NetworkError
from metagnn.network.exchange_search import CO2, find_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.precision import as_floating


def co2_exchange(network: MetabolicNetwork) -> int:
    """Return the position of the exchange of CO2.

    Raises:
        NetworkError: No exchange, or more than one, carries only a metabolite with the formula CO2.
    """
    found = find_exchanges(network, CO2)
    if len(found) != 1:
        names = ", ".join(map(repr, found))
        raise NetworkError(
            f"{network.id} has {len(found)} exchanges of CO2{f' ({names})' if found else ''}; expected one, of a "
            "metabolite with the formula CO2"
        )
    return network.reaction_index(found[0])


class CO2Readout(nn.Module):
    r"""Layer that computes the CO2 exchange flux that closes the carbon balance over other exchanges and growth.

    $q_{CO_2} = \sum_i a_i q_i - \alpha \mu$ over the other exchanges, with carbon atoms $a_i$ and uptakes $q_i$. At
    steady state it equals the flux of the CO2 exchange. If S·v is not exactly zero, the result also contains the
    residual of every metabolite times its carbon atoms, and its error can exceed S·v.

    Args:
        network: The network.

    Shapes:
        fluxes `[..., reactions]` to `[...]` [mmol/gDW/h]; positive is evolution.

    Raises:
        NetworkError: The network has no formulas, no growth reaction or no CO2 exchange.
    """

    carbon: Tensor

    def __init__(self, network: NetworkLike) -> None:
        network = as_network(network)
        super().__init__()
        self.co2_index = co2_exchange(network)
        self.growth_index = network.reaction_index(network.growth_reaction)
        # Copy the operator: moving a readout to a device must not move that of the network.
        balance = copy.deepcopy(network.element_balance("C"))
        per_flux = float(balance.to_dense()[0, self.co2_index])
        self.balance = balance.with_column(self.co2_index, torch.zeros(1, dtype=torch.float64))
        self.per_flux = per_flux
        carbon = torch.from_numpy(network.contents("C").weights)
        self.register_buffer("carbon", carbon, persistent=False)

    def forward(self, fluxes: GivenFluxes, biomass_change: Tensor | None = None) -> Tensor:
        """Compute the CO2 flux.

        Args:
            fluxes: Fluxes; the flux of the CO2 exchange is ignored.
            biomass_change: Biomass column minus that of the network, shape `[metabolites]` [mmol/gDW].
        """
        fluxes = as_floating("fluxes", fluxes)
        index = torch.tensor(self.co2_index, device=fluxes.device)
        known = fluxes.index_fill(-1, index, 0.0)
        surplus: Tensor = self.balance(known).squeeze(-1)
        if biomass_change is not None:
            surplus = surplus + fluxes[..., self.growth_index] * (self.carbon @ biomass_change).to(fluxes.dtype)
        return -surplus / self.per_flux
