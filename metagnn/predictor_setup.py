"""PredictorSetup: everything that a predictor is made with, checked, and what follows from it before training."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.datasets.groups import read_groups
from metagnn.datasets.targets import read_targets
from metagnn.errors import InputError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.inputs.features import read_features
from metagnn.inputs.kind import AbstractInputKind, ModelChoice
from metagnn.inputs.kinds import input_kind
from metagnn.inputs.names import InputNames
from metagnn.models.constraint import AbstractConstraint
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import CONTENTS, check_composition
from metagnn.training.config import TrainingConfig

ESTIMATES = ("auto", None)
"""What a prediction starts from: a simple estimate that the data choose, or nothing."""


@dataclass(frozen=True, eq=False)
class SampleTables:
    """The tables that a predictor learns from, as `FluxPredictor.fit` documents them."""

    inputs: pd.DataFrame
    targets: pd.DataFrame | pd.Series
    features: pd.DataFrame | None = None
    sample_weight: Any = None
    groups: Any = None


@dataclass(frozen=True, eq=False)
class PredictorSetup:
    """The parameters of a predictor, as `FluxPredictor` documents them, with nothing left out.

    Attributes:
        lifted: Whether the data need the demands inside the cell lifted, which `energy="auto"` leaves to them.

    Raises:
        InputError: An unknown choice, or choices that do not go together.
        NetworkError: The network has no exchanges or no growth reaction, or no formulas where its composition is to
            be fitted.
    """

    network: MetabolicNetwork
    inputs: str
    constraint: AbstractConstraint
    composition: str
    seed: int
    config: Any
    training: TrainingConfig
    estimate: str | None = "auto"
    lifted: bool = False

    def __post_init__(self) -> None:
        kind = self.kind
        if self.estimate not in ESTIMATES:
            raise InputError(f"`estimate` is {self.estimate!r}; expected 'auto', or None for the graph network alone")
        check_composition(self.composition)
        kind.check(self.constraint, self.composition)
        for name, expected in (("config", kind.config_type), ("training", TrainingConfig)):
            value = getattr(self, name)
            if not isinstance(value, expected):
                given = type(value).__name__
                raise InputError(f"`{name}` is a {given}; with inputs of {kind.name!r} expected a {expected.__name__}")
        self.network.require_exchanges()
        self.network.reaction_index(self.network.growth_reaction)
        if self.composition != "fixed":
            for element in CONTENTS:
                self.network.biomass_content(element)
        # Refuses exchanges to open that the network does not have.
        _ = self.relaxed

    @property
    def kind(self) -> AbstractInputKind:
        """The kind of the inputs."""
        return input_kind(self.inputs)

    @property
    def takes_estimate(self) -> bool:
        """Whether a simple estimate has a place: not where the composition of biomass is fitted too."""
        return self.kind.estimated and self.composition == "fixed"

    @cached_property
    def relaxed(self) -> MetabolicNetwork:
        """The network with the bounds that the constraint lifts, and those that the data need lifted."""
        constraint = dataclasses.replace(self.constraint, energy="free") if self.lifted else self.constraint
        return constraint.relax(self.network)

    @cached_property
    def screen(self) -> FeasibilityScreen:
        """Which samples any flux satisfies; what it learns in training serves predictions."""
        return FeasibilityScreen(self.relaxed)

    def read(
        self, inputs: pd.DataFrame, names: InputNames | None = None, features: pd.DataFrame | None = None
    ) -> Conditions:
        """What is known of the samples of a table.

        Args:
            inputs: The table.
            names: What it must name, in any order; None takes it as it comes.
            features: What else is known of them.

        Raises:
            TableError: Inputs or features that cannot be used.
        """
        conditions = self.kind.read(self.relaxed, inputs, None if names is None else names.exchanges)
        values, found = read_features(features, inputs.index, None if names is None else names.features)
        if not found:
            return conditions
        return dataclasses.replace(conditions, features=torch.from_numpy(values), feature_names=found)

    def read_samples(self, tables: SampleTables) -> FluxBatch:
        """The samples of tables.

        Raises:
            TableError: Inputs, targets, features, weights or groups that cannot be used.
        """
        conditions = self.read(tables.inputs, features=tables.features)
        index = tables.inputs.index
        read = read_targets(self.network, tables.targets, index, tables.sample_weight)
        observed = read.observed
        if read.weight is not None:
            # What does not count is not there: neither to learn, nor to judge by.
            observed = torch.where(read.weight > 0, observed, torch.nan)
        return FluxBatch(conditions, observed, read.weight, read_groups(tables.groups, index))

    def new_model(self, names: InputNames) -> AbstractFluxModel:
        """A model with fresh weights, the same for the same seed.

        Args:
            names: What the inputs name.
        """
        choice = ModelChoice(self.relaxed, names, self.constraint, self.config, self.composition)
        # The layers draw from torch's own generator: fork it, so that the caller's is left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return self.kind.new_model(choice).eval()
