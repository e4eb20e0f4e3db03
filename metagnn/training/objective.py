"""Objective: a weighted sum of named loss terms."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.models.constraint import AbstractConstraint, as_constraint
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.loss_terms import MeasurementTerm, SupervisedTerm, WeightedTerms
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.training.config import TrainingConfig


class Objective(nn.Module):
    """Weighted sum of named terms; each term is logged by its name.

    Args:
        terms: Modules that map a prediction and a batch to a scalar, with their weights, by name.
    """

    def __init__(self, terms: WeightedTerms) -> None:
        super().__init__()
        self.terms = nn.ModuleDict({name: term for name, (_, term) in terms.items()})
        self.weights = {name: weight for name, (weight, _) in terms.items()}

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the weighted sum, and every term before its weight."""
        values = {name: term(prediction, batch) for name, term in self.terms.items()}
        total = torch.stack([self.weights[name] * value for name, value in values.items()]).sum()
        return total, values


def default_objective(
    network: NetworkLike,
    constraint: str | AbstractConstraint,
    scale: Tensor,
    config: TrainingConfig,
    with_rates: bool = False,
) -> Objective:
    """Return the objective: error of the observed fluxes, misfit of measured rates, and terms of a constraint.

    Args:
        network: The network.
        constraint: One of `metagnn.choices.CONSTRAINTS`, or a constraint with options.
        scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        config: Weights of the terms.
        with_rates: Whether the samples carry measured rates.

    Raises:
        InputError: An unknown constraint.
        NetworkError: A balance of "soft" that was asked for needs formulas that the network lacks.
    """
    terms: WeightedTerms = {"flux_error": (1.0, SupervisedTerm(scale))}
    if with_rates:
        terms["measurement_misfit"] = (config.measurement_weight, MeasurementTerm())
    return Objective(terms | as_constraint(constraint).loss_terms(as_network(network), config))
