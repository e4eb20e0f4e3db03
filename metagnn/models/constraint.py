"""Constraints: how exactly a prediction obeys the balances and the bounds, and all that follows from the choice."""

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
from metagnn.nn.splitting import SplittingResult

ENERGY = ("model", "free")
"""Whether the model's demands inside the cell, such as maintenance, bind ("model") or not ("free")."""


@dataclass(frozen=True, eq=False)
class Unfinished:
    """What a model has found when its last operation is due.

    Attributes:
        conditions: What is known of the samples.
        growth_index: Position of the growth reaction.
        result: Where the splitting ended, in groups of reactions and units of the sample sizes.
        size: Size of every sample, shape `[samples, 1]` [mmol/gDW/h].
        expand: From groups to reactions.
        nearest_feasible: The feasible fluxes that are nearest to given ones, in the learned metric.
        training: Whether the model is being trained.
    """

    conditions: Conditions
    growth_index: int
    result: SplittingResult
    size: Tensor
    expand: Callable[[Tensor], Fluxes]
    nearest_feasible: Callable[[Fluxes], Fluxes]
    training: bool


@dataclass(frozen=True)
class AbstractConstraint(ABC):
    """How exactly predictions obey S·v = 0 and the bounds. Immutable; models and predictors share it.

    Attributes:
        energy: "model" keeps the demands inside the cell, such as an ATP maintenance of at least 8.39; "free" lifts
            them, for cells that need less than the model says.
        open_exchanges: Exchanges that may carry any flux either way, whatever the bounds of the model say.

    Raises:
        InputError: An unknown `energy`, or one name in place of several.
    """

    name: ClassVar[str]
    """How the constraint is spelled as text."""

    energy: str = "model"
    open_exchanges: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.energy not in ENERGY:
            raise InputError("`energy`: " + unknown_name(str(self.energy), ENERGY, "way to treat maintenance"))
        if isinstance(self.open_exchanges, str):
            raise InputError(f"`open_exchanges` is {self.open_exchanges!r}; expected several names in a tuple")
        object.__setattr__(self, "open_exchanges", tuple(self.open_exchanges))

    def relax(self, network: NetworkLike) -> MetabolicNetwork:
        """The network with the bounds that this constraint lifts; the network itself where it lifts none.

        Raises:
            TableError: An exchange to open that the network does not have.
        """
        network = as_network(network)
        if self.energy == "model" and not self.open_exchanges:
            return network
        lower, upper = network.bounds.lower.copy(), network.bounds.upper.copy()
        if self.energy == "free":
            inside = np.ones(len(lower), dtype=bool)
            inside[[*network.exchange_indices, network.reaction_index(network.growth_reaction)]] = False
            # What is lifted is the demand, not the direction: maintenance that ran backwards would make ATP.
            lower[inside], upper[inside] = np.minimum(lower, 0.0)[inside], np.maximum(upper, 0.0)[inside]
        check_exchanges(self.open_exchanges, network.require_exchanges(), network.reactions, network.id)
        opened = [network.reaction_index(name) for name in self.open_exchanges]
        # Infinite where the model has infinite bounds: the largest of the others may be an uptake.
        widest = np.abs(np.concatenate([lower, upper])).max()
        lower[opened], upper[opened] = np.minimum(lower, -widest)[opened], np.maximum(upper, widest)[opened]
        return dataclasses.replace(network, bounds=FluxBounds(network.reactions, lower, upper))

    @abstractmethod
    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """The fluxes of every sample, shape `[samples, reactions]` [mmol/gDW/h]."""

    @abstractmethod
    def loss_terms(self, network: NetworkLike, weights: LossWeights) -> WeightedTerms:
        """Terms of the objective beside the error of the observed fluxes.

        Args:
            network: The network.
            weights: Weights of the terms.

        Raises:
            NetworkError: A term needs formulas that the network lacks.
        """

    def after_training(self, model: GrowthDriven, samples: FluxBatch, scale: Tensor) -> None:  # noqa: B027 - a hook
        """What a trained model needs before it predicts; nothing by default.

        Args:
            model: A trained model in evaluation.
            samples: What it was trained on.
            scale: Spread of every flux, shape `[reactions]` [mmol/gDW/h].
        """

    def spelling(self) -> str | AbstractConstraint:
        """The name, where it says all; else the constraint itself."""
        return self.name if self == CONSTRAINTS[self.name]() else self

    def to_document(self) -> dict[str, Any]:
        """What JSON can hold; `constraint_from_document` reads it."""
        options = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {"name": self.name, **options, "open_exchanges": list(self.open_exchanges)}


@dataclass(frozen=True)
class Soft(AbstractConstraint):
    """Bounds exactly, balances by loss: Eq. 2 of Kusters, "Metabolically constrained neural networks for …"."""

    name: ClassVar[str] = "soft"

    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Clip to the bounds."""
        # Clipped again: dividing and multiplying by the size rounds, and these bounds hold to the last digit.
        fluxes = unfinished.expand(unfinished.result.within_bounds) * unfinished.size
        return torch.clamp(fluxes, unfinished.conditions.lower, unfinished.conditions.upper)

    def loss_terms(self, network: NetworkLike, weights: LossWeights) -> WeightedTerms:
        """Carbon, nitrogen, electron and mass balances."""
        return balance_terms(as_network(network), weights)


@dataclass(frozen=True)
class SteadyState(AbstractConstraint):
    """S·v = 0 exactly, in closed form; bounds by loss."""

    name: ClassVar[str] = "steady_state"

    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Project onto steady state."""
        return unfinished.expand(unfinished.result.at_steady_state) * unfinished.size

    def loss_terms(self, network: NetworkLike, weights: LossWeights) -> WeightedTerms:
        """Violation of the bounds."""
        return {"bound_violation": (weights.bound_weight, BoundTerm())}


@dataclass(frozen=True)
class Polytope(SteadyState):
    """S·v = 0 and the bounds exactly, by the nearest feasible flux; a sample without one is NaN.

    Trained as `SteadyState`: training through the exact layer costs threefold and fits no better.
    """

    name: ClassVar[str] = "polytope"

    def last_operation(self, unfinished: Unfinished) -> Fluxes:
        """Take the nearest feasible flux; in training, project onto steady state only."""
        fluxes = super().last_operation(unfinished)
        return fluxes if unfinished.training else unfinished.nearest_feasible(fluxes)

    def after_training(self, model: GrowthDriven, samples: FluxBatch, scale: Tensor) -> None:
        """Choose by trial how strongly the exact layer favours maximal growth."""
        fit_growth_drive(model, samples, scale)


CONSTRAINTS: dict[str, type[AbstractConstraint]] = {kind.name: kind for kind in (Soft, SteadyState, Polytope)}
"""Every constraint by its name."""


def as_constraint(constraint: str | AbstractConstraint) -> AbstractConstraint:
    """The constraint of a name, without options; a constraint is returned as it is.

    Raises:
        InputError: An unknown name, or something else; the valid choices are named.
    """
    if isinstance(constraint, AbstractConstraint):
        return constraint
    if not isinstance(constraint, str) or constraint not in CONSTRAINTS:
        raise InputError("`constraint`: " + unknown_name(str(constraint), CONSTRAINTS, "constraint"))
    return CONSTRAINTS[constraint]()


def constraint_from_document(document: dict[str, Any]) -> AbstractConstraint:
    """What `to_document` wrote; a KeyError or TypeError means that it is damaged."""
    kind = CONSTRAINTS[document["name"]]
    options = {field.name: document[field.name] for field in dataclasses.fields(kind)}
    return kind(**options)
