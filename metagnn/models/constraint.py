"""Constraints: last operation, loss terms and steps after training that make predictions obey balances and bounds."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from metagnn._typing import Fluxes
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError, unknown_name
from metagnn.models.growth_drive import GrowthDriven, fit_growth_drive
from metagnn.models.loss_terms import BoundTerm, LossWeights, WeightedTerms, balance_terms
from metagnn.network.bounds import FluxBounds
from metagnn.network.conditions import Conditions
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.vocabulary.named_exchanges import resolved
from metagnn.nn.splitting import SplittingResult
from metagnn.plain_values import as_text, as_texts

ENERGY = ("auto", "model", "free")
"""Whether to keep ("model") or lift ("free") the demands inside the cell, such as ATP maintenance, or let data say."""


@dataclass(frozen=True, eq=False)
class Unfinished:
    """State of a model before its last operation.

    Attributes:
        conditions: Known quantities of the samples.
        growth_index: Position of the growth reaction.
        result: Result of the splitting, per group of reactions, in units of the sample sizes.
        size: Size of every sample, shape `[samples, 1]` [mmol/gDW/h].
        expand: Function from fluxes of groups to fluxes of reactions.
        nearest_feasible: Function from fluxes to the nearest feasible fluxes, in the learned metric.
        settle: Function that moves fluxes of reactions by rounding to where they balance exactly.
        training: Whether the model is in training mode.
    """

    conditions: Conditions
    growth_index: int
    result: SplittingResult
    size: Tensor
    expand: Callable[[Tensor], Fluxes]
    nearest_feasible: Callable[[Fluxes], Fluxes]
    settle: Callable[[Fluxes], Fluxes]
    training: bool


@dataclass(frozen=True)
class AbstractConstraint(ABC):
    """Way to make predictions obey S·v = 0 and the bounds. Immutable; models and predictors share it.

    Attributes:
        energy: "model" keeps the demands inside the cell, such as an ATP maintenance of at least 8.39; "free" lifts
            them, for cells that need less than the model assumes; "auto" keeps them, and a predictor lifts them, with
            a warning, where its training targets cannot be reached otherwise.
        open_exchanges: Exchanges that may carry any flux in both directions, whatever their bounds in the model.

    Raises:
        InputError: An unknown `energy`, or a single name as `open_exchanges`.
    """

    name: ClassVar[str]
    """Name of the constraint as text."""

    energy: str = "auto"
    open_exchanges: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.energy not in ENERGY:
            raise InputError("`energy`: " + unknown_name(str(self.energy), ENERGY, "way to treat maintenance"))
        if isinstance(self.open_exchanges, str):
            raise InputError(f"`open_exchanges` is {self.open_exchanges!r}; expected several names in a tuple")
        object.__setattr__(self, "open_exchanges", tuple(self.open_exchanges))

    def relax(self, network: NetworkLike) -> MetabolicNetwork:
        """Return the network with the bounds lifted that this constraint lifts, or the network itself if it lifts none.

        Raises:
            TableError: An exchange to open is not in the network.
        """
        network = as_network(network)
        if self.energy != "free" and not self.open_exchanges:
            return network
        lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
        if self.energy == "free":
            inside = np.ones(len(lower), dtype=bool)
            kept = [*network.exchange_indices, *network.further_constraints.columns]
            inside[[*kept, network.reaction_index(network.growth_reaction)]] = False
            # Lift the demand and keep the direction: maintenance that runs backwards would make ATP.
            lower[inside], upper[inside] = np.minimum(lower, 0.0)[inside], np.maximum(upper, 0.0)[inside]
        names = resolved(network, list(self.open_exchanges))
        check_exchanges(names, network.require_exchanges(), network.reactions, network.id)
        opened = [network.reaction_index(name) for name in names]
        # Infinite if the model has infinite bounds: its largest finite bound may be an uptake.
        widest = np.abs(np.concatenate([network.own_fluxes(lower), network.own_fluxes(upper)])).max()
        lower[opened], upper[opened] = np.minimum(lower, -widest)[opened], np.maximum(upper, widest)[opened]
        return dataclasses.replace(network, bounds=FluxBounds(network.reactions, lower, upper))

    @abstractmethod
    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Return the fluxes of every sample, shape `[samples, reactions]` [mmol/gDW/h]."""

    @abstractmethod
    def loss_terms(self, network: NetworkLike, weights: LossWeights) -> WeightedTerms:
        """Return the terms of the objective other than the error of the observed fluxes.

        Args:
            network: The network.
            weights: Weights of the terms.

        Raises:
            NetworkError: A term needs formulas that the network lacks.
        """

    def after_training(self, model: GrowthDriven, samples: FluxBatch, scale: Tensor) -> None:  # noqa: B027 - a hook
        """Prepare a trained model for prediction; do nothing by default.

        Args:
            model: A trained model in evaluation mode.
            samples: The training samples.
            scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        """

    def spelling(self) -> str | AbstractConstraint:
        """Return the name if all options are defaults, else the constraint itself."""
        return self.name if self == CONSTRAINTS[self.name]() else self

    def to_document(self) -> dict[str, Any]:
        """Return a document for JSON; `constraint_from_document` reads it."""
        options = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"name": self.name, **options, "open_exchanges": list(self.open_exchanges)}


@dataclass(frozen=True)
class Soft(AbstractConstraint):
    """Exact bounds, balances by loss: Eq. 2 of Kusters, "Metabolically constrained neural networks for …"."""

    name: ClassVar[str] = "soft"

    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Clip to the bounds."""
        # Clip again: scaling by the size rounds, and the bounds must hold exactly.
        fluxes = unfinished.expand(unfinished.result.within_bounds) * unfinished.size
        return torch.clamp(fluxes, unfinished.conditions.lower, unfinished.conditions.upper)

    def loss_terms(self, network: NetworkLike, weights: LossWeights) -> WeightedTerms:
        """Return the carbon, nitrogen, electron and mass balances."""
        return balance_terms(as_network(network), weights)


@dataclass(frozen=True)
class SteadyState(AbstractConstraint):
    """Exact S·v = 0 in closed form, bounds by loss.

    In evaluation mode, |S·v| ≤ 1e-9 · max(1, max|v|) [mmol/gDW/h] on every network, S with the trained biomass column
    if there is one; a sample where float64 cannot hold that is NaN, with a warning. In training mode only to the two
    refinements of the projection, which cost less and are within what a loss sees.
    """

    name: ClassVar[str] = "steady_state"

    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Project onto steady state."""
        fluxes = self._projected(unfinished)
        return fluxes if unfinished.training else unfinished.settle(fluxes)

    @staticmethod
    def _projected(unfinished: Unfinished) -> Fluxes:
        return unfinished.expand(unfinished.result.at_steady_state) * unfinished.size

    def loss_terms(self, network: NetworkLike, weights: LossWeights) -> WeightedTerms:
        """Return the violation of the bounds."""
        return {"bound_violation": (weights.bound_weight, BoundTerm())}


@dataclass(frozen=True)
class Polytope(SteadyState):
    """Exact S·v = 0 and bounds, by the nearest feasible flux; NaN for a sample without a feasible flux.

    Trains as `SteadyState`: training through the exact layer takes three times as long and fits no better.
    """

    name: ClassVar[str] = "polytope"

    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Return the nearest feasible flux; in training, only project onto steady state."""
        fluxes = self._projected(unfinished)
        return fluxes if unfinished.training else unfinished.nearest_feasible(fluxes)

    def after_training(self, model: GrowthDriven, samples: FluxBatch, scale: Tensor) -> None:
        """Choose by trial how strongly the exact layer favours maximal growth."""
        fit_growth_drive(model, samples, scale)


CONSTRAINTS: dict[str, type[AbstractConstraint]] = {kind.name: kind for kind in (Soft, SteadyState, Polytope)}
"""Constraint classes by name."""


def as_constraint(constraint: str | AbstractConstraint) -> AbstractConstraint:
    """Return the constraint with a given name and default options; return a constraint unchanged.

    Raises:
        InputError: Neither a known name nor a constraint.
    """
    if isinstance(constraint, AbstractConstraint):
        return constraint
    if not isinstance(constraint, str) or constraint not in CONSTRAINTS:
        raise InputError("`constraint`: " + unknown_name(str(constraint), CONSTRAINTS, "constraint"))
    return CONSTRAINTS[constraint]()


def constraint_from_document(document: dict[str, Any]) -> AbstractConstraint:
    """Return the constraint of a document from `to_document`; raise KeyError or ValueError if it is damaged."""
    kind = CONSTRAINTS[as_text(document["name"])]
    options = {field.name: document[field.name] for field in dataclasses.fields(kind)}
    own = {"energy": as_text(options["energy"]), "open_exchanges": as_texts(options["open_exchanges"])}
    return kind(**options | own)
