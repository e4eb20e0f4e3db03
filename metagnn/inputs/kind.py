"""AbstractInputKind: all that depends on what the inputs of a predictor are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from torch import Tensor

from metagnn.analysis.composition.fitted_composition import Composition
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.datasets.usable_samples import usable_samples
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.inputs.names import InputNames
from metagnn.models.constraint import AbstractConstraint
from metagnn.models.flux_gnn import FluxGNN, FluxGNNConfig
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.config import TrainingConfig
from metagnn.training.objective import Objective, default_objective


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model says of samples.

    Attributes:
        conditions: The bounds that the fluxes are held to, and what was measured.
        fluxes: Shape `[samples, reactions]` [mmol/gDW/h]; NaN where no flux satisfies a sample.
        feasible: Which samples some flux satisfies, boolean, shape `[samples]`.
        unanswered: What a warning says of the others.
        given: What was known of the samples before uptakes were learned; None for the conditions themselves.
    """

    conditions: Conditions
    fluxes: np.ndarray
    feasible: np.ndarray
    unanswered: str
    given: Conditions | None = None


@dataclass(frozen=True, eq=False)
class ModelChoice:
    """What a model is made from.

    Attributes:
        network: The network, with the bounds that the constraint lifts.
        names: What the inputs name.
        constraint: How exact predictions are.
        config: Widths and steps.
        composition: "fixed", "elemental" or "precursor".
    """

    network: MetabolicNetwork
    names: InputNames
    constraint: AbstractConstraint
    config: Any
    composition: str


class AbstractInputKind(ABC):
    """One kind of inputs: how its table is read, which model learns from it, by which objective, and what it answers.

    The methods with a body are those of a `FluxGNN`. Instances have no state.

    Attributes:
        name: How the kind is spelled as text.
        config_type: Settings of its model.
        training: Settings of the training where none are given.
        signed: Whether values may be below zero, and missing.
        estimated: Whether predictions may start from a simple estimate of the measured fluxes.
    """

    name: ClassVar[str]
    config_type: ClassVar[type] = FluxGNNConfig
    training: ClassVar[TrainingConfig] = TrainingConfig()
    signed: ClassVar[bool] = False
    estimated: ClassVar[bool] = True

    @abstractmethod
    def read(self, network: MetabolicNetwork, table: pd.DataFrame, expected: Sequence[str] | None = None) -> Conditions:
        """Read a table, one row a sample.

        Args:
            network: The network.
            table: The table.
            expected: Exchanges that the table must name, in any order; None takes them as they come.

        Raises:
            TableError: No rows, or a column or value that cannot be used.
        """

    def check(self, constraint: AbstractConstraint, composition: str) -> None:  # noqa: B027 - a hook
        """Raise where the kind has no use for a constraint or a composition; every one is of use by default.

        Raises:
            InputError: Naming what the kind takes.
        """

    def usable(self, screen: FeasibilityScreen, samples: FluxBatch) -> FluxBatch:
        """The samples that can be learned from; the others are counted in a warning.

        Raises:
            TableError: Too few are left.
        """
        return usable_samples(screen, samples)

    def new_model(self, choice: ModelChoice) -> AbstractFluxModel:
        """A model with fresh weights."""
        return FluxGNN(choice.network, choice.names.exchanges, choice.constraint, choice.config, choice.composition)

    def check_learnable(self, network: MetabolicNetwork, model: AbstractFluxModel, samples: FluxBatch) -> None:  # noqa: B027 - a hook
        """Raise where an untrained model shows that nothing can be learned; anything can by default.

        Raises:
            TableError: Saying what the samples lack.
        """

    def begin(self, model: AbstractFluxModel, samples: FluxBatch) -> None:  # noqa: B027 - a hook
        """Choose where training starts, from the samples; by default a model starts as it is made."""

    def objective(
        self, network: MetabolicNetwork, constraint: AbstractConstraint, scale: Tensor, training: TrainingConfig
    ) -> Objective:
        """What is minimised."""
        return default_objective(network, constraint, scale, training)

    def answer(
        self, network: MetabolicNetwork, model: AbstractFluxModel, screen: FeasibilityScreen, conditions: Conditions
    ) -> Answer:
        """Predict the samples that some flux can satisfy.

        Args:
            network: The network, with the biomass column in use.
            model: The fitted model.
            screen: That of the network.
            conditions: What is known of the samples.
        """
        feasible = screen.feasible(conditions.lower.numpy(), conditions.upper.numpy())
        fluxes = np.full(conditions.lower.shape, np.nan)
        if feasible.any():
            fluxes[feasible] = model.predict_fluxes(conditions.rows(np.flatnonzero(feasible).tolist()))
        lost = f"no flux can satisfy {(~feasible).sum()} of {len(feasible)} rows; they are NaN"
        return Answer(conditions, fluxes, feasible, lost)

    def readouts(
        self,
        network: MetabolicNetwork,
        model: AbstractFluxModel,
        answer: Answer,
        contents: Composition | None,
        prior: Mapping[str, float] | None,
    ) -> dict[str, np.ndarray]:
        """Further columns of a diagnosis; none by default.

        Args:
            network: The network, with the biomass column in use.
            model: The fitted model.
            answer: Its predictions.
            contents: Alpha and beta as fitted; None if they were not.
            prior: Readouts that are to be taken for known where the data do not determine them.
        """
        return {}
