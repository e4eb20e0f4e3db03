"""Predict growth, CO2 and internal fluxes from measured rates with the feed-forward networks of Kusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from metagnn._typing import Fluxes
from metagnn.errors import InputError, unknown_name
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network.conditions import Conditions
from metagnn.network.medium import check_exchanges
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.biomass import BiomassComposition
from metagnn.nn.co2 import co2_exchange

HEADS = ("co2", "internal")
"""Predictions of a BalanceMLP other than growth."""


@dataclass(frozen=True)
class BalanceMLPConfig:
    """Settings of a BalanceMLP.

    Attributes:
        hidden_channels: Width of both hidden layers.
        heads: "co2" predicts the hidden q_co2(q_i, q_bm); "internal" predicts all other fluxes that are not inputs.
        composition: "fixed", "elemental" or "precursor".
        scaled: Whether to standardise inputs and train the logarithm of the composition. If False, rates are not
            scaled and alpha and beta are trained in mmol/gDW, as in the paper.
    """

    hidden_channels: int = 64
    heads: tuple[str, ...] = ()
    composition: str = "fixed"
    scaled: bool = True

    def __post_init__(self) -> None:
        if self.hidden_channels < 1:
            raise InputError(f"`hidden_channels` is {self.hidden_channels}; expected at least 1")
        for head in self.heads:
            if head not in HEADS:
                raise InputError("`heads`: " + unknown_name(str(head), HEADS, "head"))


class BalanceMLP(AbstractFluxModel):
    """Feed-forward networks that read measured rates; only the loss contains the balances.

    The networks of R. Kusters, "Metabolically constrained neural networks for bioprocess optimization": growth
    q_bm = f(q_i) with two hidden layers of 64; a hidden variable q_co2(q_i, q_bm); internal fluxes v(q_i).
    Consumption rates have the sign of the paper, q_i = −v. The balances use the predicted growth and the measured
    rates of all exchanges that no head predicts. Neither S·v = 0 nor the bounds are enforced.

    Args:
        network: The network.
        inputs: Exchanges whose measured rates the networks read.
        measured: Measured rates of the training samples, used to standardise the inputs, shape
            `[samples, reactions]` [mmol/gDW/h].
        config: Widths, heads and composition.

    Shapes:
        measured `[..., reactions]` to fluxes `[..., reactions]` [mmol/gDW/h]; NaN where neither measured nor
        predicted.

    Raises:
        InputError: An unknown head.
        NetworkError: No growth reaction, or a head for CO2 where the network has no CO2 exchange.
        TableError: An input is not an exchange.
    """

    input_index: Tensor
    input_mean: Tensor
    input_scale: Tensor
    internal_index: Tensor

    def __init__(
        self,
        network: NetworkLike,
        inputs: Sequence[str],
        measured: Fluxes,
        config: BalanceMLPConfig | None = None,
    ) -> None:
        super().__init__()
        self.config = config or BalanceMLPConfig()
        network = as_network(network)
        check_exchanges(inputs, network.require_exchanges(), network.reactions, network.id)
        self.growth_index = network.reaction_index(network.growth_reaction)
        self.composition = BiomassComposition(network, self.config.composition, logarithmic=self.config.scaled)
        positions = torch.tensor([network.reaction_index(name) for name in inputs])
        self.register_buffer("input_index", positions)
        values = -measured[:, positions]
        mean, spread = values.mean(0), values.std(0, correction=0)
        # Do not divide a constant rate by its round-off.
        spread = torch.where(spread > 1e-9, spread, 1.0)
        if not self.config.scaled:
            mean, spread = torch.zeros_like(mean), torch.ones_like(spread)
        self.register_buffer("input_mean", mean.to(torch.get_default_dtype()))
        self.register_buffer("input_scale", spread.to(torch.get_default_dtype()))
        taken = {self.growth_index, *positions.tolist()}
        self.growth = self._network(len(inputs), 1)
        if "co2" in self.config.heads:
            self.co2_index = co2_exchange(network)
            taken.add(self.co2_index)
            self.co2 = self._network(len(inputs) + 1, 1)
        others = np.setdiff1d(np.arange(len(network.reactions)), list(taken))
        self.register_buffer("internal_index", torch.from_numpy(others))
        if "internal" in self.config.heads:
            self.internal = self._network(len(inputs), len(others))

    def _network(self, inputs: int, outputs: int) -> nn.Sequential:
        width = self.config.hidden_channels
        return nn.Sequential(
            nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
        )

    @property
    def biomass(self) -> BiomassComposition | None:
        """Trainable composition of biomass; None if the composition is fixed."""
        return self.composition if self.composition.trainable else None

    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Predict fluxes from the measured rates.

        Raises:
            InputError: The conditions hold no measured rates, or the rate of an input is NaN.
        """
        measured = conditions.measured
        if measured is None:
            raise InputError("`conditions` hold no measured rates; a BalanceMLP needs them")
        rates = -measured[..., self.input_index]
        if bool(torch.isnan(rates).any()):
            raise InputError("`measured` has gaps in the inputs; a BalanceMLP needs a rate for each input")
        x = (rates.to(self.input_mean) - self.input_mean) / self.input_scale
        growth = self.growth(x)
        fluxes = measured.index_copy(-1, self._at(self.growth_index), growth.to(measured.dtype))
        if "co2" in self.config.heads:
            co2 = self.co2(torch.cat([x, growth], dim=-1))
            fluxes = fluxes.index_copy(-1, self._at(self.co2_index), co2.to(measured.dtype))
        if "internal" in self.config.heads:
            fluxes = fluxes.index_copy(-1, self.internal_index, self.internal(x).to(measured.dtype))
        return FluxPrediction(fluxes, self.growth_index, self.composition.change() if self.biomass else None)

    def _at(self, index: int) -> Tensor:
        return torch.tensor([index], device=self.input_index.device)
