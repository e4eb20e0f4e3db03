"""The objective: a list of named, weighted terms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.losses.balance import BalanceLoss
from metagnn.losses.bounds import bound_violation
from metagnn.losses.supervised import masked_mse
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.network.elements import balance_weights, elements_present
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.config import TrainingConfig


class SupervisedTerm(nn.Module):
    """Error of the observed fluxes, in units of their spread over the training samples.

    Args:
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
    """

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale, persistent=False)

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Mean squared standardised error."""
        return masked_mse(prediction.fluxes, batch.observed, self.scale)


class MeasurementTerm(nn.Module):
    """Misfit of the measured rates, in units of their standard deviations."""

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Mean squared standardised residual; zero where nothing is measured."""
        if batch.measured is None or batch.deviation is None:
            return prediction.fluxes.new_zeros(())
        deviation = batch.deviation.nan_to_num(nan=1.0)
        return masked_mse(prediction.fluxes / deviation, batch.measured / deviation)


class BalanceTerm(nn.Module):
    """A balance of the predicted fluxes, with the biomass column that the prediction comes with.

    Args:
        loss: The balance, with the model's own biomass column.
        weights: Weight of every metabolite in it, shape `[balances, metabolites]`; None for S itself.
    """

    weights: Tensor | None

    def __init__(self, loss: BalanceLoss, weights: Tensor | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Mean squared imbalance."""
        change, correction = prediction.biomass_change, None
        if change is not None:
            rows = change if self.weights is None else self.weights.to(change.dtype) @ change
            correction = prediction.growth[..., None] * rows
        loss: Tensor = self.loss(prediction.fluxes, correction)
        return loss


class BoundTerm(nn.Module):
    """Violation of the bounds."""

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        """Mean squared violation."""
        return bound_violation(prediction.fluxes, batch.lower, batch.upper).square().mean()


class Objective(nn.Module):
    """A weighted sum of named terms, each logged by its name.

    Args:
        terms: Modules that map a prediction and a batch to a scalar, with their weights, by name.
    """

    def __init__(self, terms: dict[str, tuple[float, nn.Module]]) -> None:
        super().__init__()
        self.terms = nn.ModuleDict({name: term for name, (_, term) in terms.items()})
        self.weights = {name: weight for name, (weight, _) in terms.items()}

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and every term before its weight."""
        values = {name: term(prediction, batch) for name, term in self.terms.items()}
        total = torch.stack([self.weights[name] * value for name, value in values.items()]).sum()
        return total, values


def default_objective(
    network: MetabolicNetwork, constraint: str, scale: Tensor, config: TrainingConfig, with_rates: bool = False
) -> Objective:
    """The objective of a constraint.

    "steady_state" and "polytope" learn the observed fluxes and keep to the bounds; "soft" is Eq. 2 of Kusters,
    "Metabolically constrained neural networks for bioprocess optimization": the error plus carbon, nitrogen and mass
    balances.

    Args:
        network: The network.
        constraint: "steady_state", "polytope" or "soft".
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        config: The weights.
        with_rates: Whether the samples carry measured rates.

    Raises:
        NetworkError: A balance of "soft" needs formulas that the network lacks.
    """
    terms: dict[str, tuple[float, nn.Module]] = {"flux_error": (1.0, SupervisedTerm(scale))}
    if with_rates:
        terms["measurement_misfit"] = (config.measurement_weight, MeasurementTerm())
    if constraint != "soft":
        terms["bound_violation"] = (config.bound_weight, BoundTerm())
        return Objective(terms)
    present = elements_present(network.metabolite_table)
    balances = (
        ("carbon_balance", "C", config.carbon_weight),
        ("nitrogen_balance", "N", config.nitrogen_weight),
        ("electron_balance", "electrons", config.electron_weight),
    )
    for name, balance, weight in balances:
        # A network without an element balances it trivially; one without formulas is refused by element_balance.
        if weight > 0 and (balance in (*present, "electrons") or not present):
            loss = BalanceLoss(network.element_balance(balance))
            weights = torch.from_numpy(balance_weights(network.metabolite_table, balance))[None]
            terms[name] = (weight, BalanceTerm(loss, weights))
    if config.steady_state_weight > 0:
        terms["steady_state"] = (config.steady_state_weight, BalanceTerm(BalanceLoss(network.stoichiometry)))
    return Objective(terms)
