"""Loss terms: errors of observed fluxes and measured rates, violations of balances and bounds."""

from __future__ import annotations

import warnings
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import NetworkError
from metagnn.losses.balance import BalanceLoss
from metagnn.losses.bounds import bound_violation
from metagnn.losses.supervised import masked_mse
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network.elements import elements_present
from metagnn.network.metabolic_network import MetabolicNetwork

BALANCE_WEIGHT = 1e-4
"""Default weight of the carbon and nitrogen balances."""

WeightedTerms = dict[str, tuple[float, nn.Module]]
"""Modules that map a prediction and a batch to a scalar, with their weights, by name."""


@runtime_checkable
class LossWeights(Protocol):
    """Weights of the terms, as a `TrainingConfig` holds them."""

    @property
    def bound_weight(self) -> float:
        """Weight of the squared bound violations."""

    @property
    def carbon_weight(self) -> float:
        """Weight of the squared carbon imbalance."""

    @property
    def nitrogen_weight(self) -> float:
        """Weight of the squared nitrogen imbalance."""

    @property
    def electron_weight(self) -> float:
        """Weight of the squared electron imbalance."""

    @property
    def steady_state_weight(self) -> float:
        """Weight of the mean squared S·v."""


class ScaledTerm(nn.Module):
    """A term in units of the spread of the fluxes over the training samples.

    Args:
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
    """

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale, persistent=False)


class SupervisedTerm(ScaledTerm):
    """Error of the observed fluxes."""

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Compute the weighted mean of the squared standardised errors."""
        return masked_mse(prediction.fluxes, batch.observed, self.scale, batch.weight)


class MeasurementTerm(nn.Module):
    """Misfit of the measured rates, in units of their standard deviations."""

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Compute the mean squared standardised residual; zero without measurements."""
        measured, deviation = batch.conditions.measured, batch.conditions.deviation
        if measured is None or deviation is None:
            return prediction.fluxes.new_zeros(())
        deviation = deviation.nan_to_num(nan=1.0)
        return masked_mse(prediction.fluxes / deviation, measured / deviation)


class BalanceTerm(nn.Module):
    """Imbalance of the predicted fluxes, with the biomass column of the prediction.

    Args:
        loss: The balance, with the biomass column of the network.
        weights: Weight of every metabolite in the balance, shape `[balances, metabolites]`; None for S itself.
    """

    weights: Tensor | None

    def __init__(self, loss: BalanceLoss, weights: Tensor | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Compute the mean squared imbalance."""
        change, correction = prediction.biomass_change, None
        if change is not None:
            rows = change if self.weights is None else self.weights.to(change.dtype) @ change
            correction = prediction.growth[..., None] * rows
        loss: Tensor = self.loss(prediction.fluxes, correction)
        return loss


class BoundTerm(nn.Module):
    """Violation of the bounds."""

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Compute the mean squared violation."""
        lower, upper = batch.conditions.lower, batch.conditions.upper
        return bound_violation(prediction.fluxes, lower, upper).square().mean()


def balance_terms(network: MetabolicNetwork, weights: LossWeights) -> WeightedTerms:
    """Return the carbon, nitrogen, electron and mass balances of Eq. 2 of Kusters whose weight is above 0.

    A balance with the default weight is left out, with a warning, where the network lacks its formulas.

    Args:
        network: The network.
        weights: Weights of the balances.

    Raises:
        NetworkError: A balance with another weight than the default needs formulas that the network lacks.
    """
    terms: WeightedTerms = {}
    present = elements_present(network.metabolite_table)
    balances = (
        ("carbon_balance", "C", weights.carbon_weight),
        ("nitrogen_balance", "N", weights.nitrogen_weight),
        ("electron_balance", "electrons", weights.electron_weight),
    )
    for name, balance, weight in balances:
        # Skip elements that the network lacks; without any formula no balance can be had.
        if weight > 0 and (balance in (*present, "electrons") or not present):
            try:
                loss = BalanceLoss(network.element_balance(balance))
            except NetworkError as error:
                if weight != BALANCE_WEIGHT:
                    raise
                warnings.warn(f"trained without the {name.replace('_', ' ')}: {error}", stacklevel=2)
                continue
            rows = torch.from_numpy(network.contents(balance).weights)[None]
            terms[name] = (weight, BalanceTerm(loss, rows))
    if weights.steady_state_weight > 0:
        terms["steady_state"] = (weights.steady_state_weight, BalanceTerm(BalanceLoss(network.stoichiometry)))
    return terms
