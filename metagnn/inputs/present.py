"""Inputs of "present": what a medium holds, where no uptake was ever measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.datasets.usable_samples import FEWEST_SAMPLES
from metagnn.errors import InputError, TableError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.files.flux_columns import plain_name
from metagnn.files.table_format import is_text
from metagnn.files.table_values import flags_as_numbers, numeric_values, require_rows
from metagnn.inputs.kind import Answer, ModelChoice
from metagnn.inputs.max_uptake import MaxUptake
from metagnn.models.constraint import AbstractConstraint, Soft
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.medium_bounds import USUAL_UPTAKE
from metagnn.models.medium_gnn import MediumGNN, MediumGNNConfig
from metagnn.models.medium_prediction import GrowthTerm, PosteriorTerm
from metagnn.network.conditions import Conditions
from metagnn.network.knockout import Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.vocabulary.named_exchanges import resolved
from metagnn.optimize.linear_program import INFEASIBLE
from metagnn.training.config import TrainingConfig
from metagnn.training.objective import Objective

GROWS = 1e-9
"""Growth that is more than a solver's round-off [1/h]."""


class Present(MaxUptake):
    """Lists of what media hold: columns are exchanges, 1 or True where the medium holds it, 0 or False where not.

    Uptakes are the unknown: an ensemble gives every exchange one from what its node is, a shrunk term of its own and
    what else the medium holds, and flux balance analysis turns them into growth (`MediumGNN`). What the media do not
    name keeps the network's own bounds. Growth alone does not determine uptakes one by one where substrates limit
    growth together, and never that of a substrate in excess; measured uptakes among the targets do.
    """

    name = "present"
    saturates: ClassVar[bool] = False
    config_type = MediumGNNConfig
    estimated = False
    # Few samples and a few hundred weights, which have priors: all samples in one step, and many of them.
    training = TrainingConfig(epochs=300, batch_size=1024, learning_rate=0.03, weight_decay=0.0, gradient_clip=1e3)

    def read(self, network: MetabolicNetwork, table: pd.DataFrame, expected: Sequence[str] | None = None) -> Conditions:
        """See the base class; every value but 0 and 1 is refused, an empty cell too."""
        table = flags_as_numbers(require_rows(table, "inputs"))
        exchanges = set(network.exchanges)
        names = ["" if is_text(name) else plain_name(str(name)) for name in table.columns]
        found = [name if not name else resolved(network, [name])[0] for name in names]
        columns = [column for column, name in enumerate(found) if name in exchanges]
        values = numeric_values(table.iloc[:, columns])
        # An empty cell too: what nobody wrote down may have been there.
        for row, column in np.argwhere((values != 0) & (values != 1))[:1]:
            name, given = str(table.columns[columns[column]]), values[row, column]
            raise TableError(
                f"`inputs`, column {name!r}, row {row}: {given:g}; expected 1 where the medium holds it and 0 where not"
            )
        return super().read(network, table, expected)

    def check(self, constraint: AbstractConstraint, composition: str) -> None:
        """See the base class; fluxes are those of a linear program, which holds balances and bounds."""
        if isinstance(constraint, Soft):
            raise InputError(
                f"`constraint` is {constraint.name!r}; with inputs of {self.name!r} fluxes are those of flux balance "
                "analysis, which obey balances and bounds: expected 'steady_state' or 'polytope'"
            )
        if composition != "fixed":
            raise InputError(f"`composition` is {composition!r}; with inputs of {self.name!r} expected 'fixed'")

    def usable(self, screen: FeasibilityScreen, samples: FluxBatch) -> FluxBatch:
        """See the base class; rows with a growth rate. Of other fluxes, measured uptakes of the inputs are learned."""
        network = screen.network
        index = network.reaction_index(network.growth_reaction)
        grown = ~torch.isnan(samples.observed[:, index])
        if samples.weight is not None:
            grown &= samples.weight[:, index] > 0
        kept = samples.rows(torch.nonzero(grown).squeeze(-1))
        if len(kept) < FEWEST_SAMPLES:
            raise TableError(f"`targets` has {len(kept)} rows with a growth rate; expected at least {FEWEST_SAMPLES}")
        return kept

    def new_model(self, choice: ModelChoice) -> MediumGNN:
        """A model with fresh weights."""
        return MediumGNN(choice.network, choice.names.exchanges, choice.config, self.saturates)

    def begin(self, model: AbstractFluxModel, samples: FluxBatch) -> None:
        """See the base class."""
        _media_model(model).begin(samples)

    def check_learnable(self, network: MetabolicNetwork, model: AbstractFluxModel, samples: FluxBatch) -> None:
        """See the base class; some medium must hold something, and let the network grow."""
        if not _media_model(model).presence(samples.conditions).any():
            raise TableError(
                "`inputs` hold nothing: every value of every row with a growth rate is 0; expected 1 for what a medium "
                "holds"
            )
        with torch.no_grad():
            grows = (model(samples.conditions).growth > GROWS).any()
        if not grows and (samples.observed[:, model.growth_index] > GROWS).any():
            raise TableError(
                f"`inputs`: {network.id} grows on none of them, with uptakes of {USUAL_UPTAKE:g} mmol/gDW/h of all "
                "that they hold; expected all that growth needs, in the media or open in the network"
            )

    def objective(
        self, network: MetabolicNetwork, constraint: AbstractConstraint, scale: Tensor, training: TrainingConfig
    ) -> Objective:
        """The posterior of every member; the error of their mean growth is recorded beside it."""
        return Objective({"posterior": (1.0, PosteriorTerm(scale)), "growth_error": (0.0, GrowthTerm(scale))})

    def answer(
        self, network: MetabolicNetwork, model: AbstractFluxModel, screen: FeasibilityScreen, conditions: Conditions
    ) -> Answer:
        """The least fluxes of largest growth with the learned uptakes; a medium that starves has growth 0."""
        uptakes, names = learned_uptakes(model, conditions), _media_model(model).exchanges
        knockouts = Knockouts.from_mask(conditions.closed, len(uptakes))
        simulator = LabelSimulator(network, names)
        fluxes, status = simulator.solve(uptakes, knockouts=knockouts)
        lower, upper = network.uptake_bounds(names, uptakes)
        knockouts.close(lower, upper)
        feasible = np.array([text != INFEASIBLE for text in status])
        fluxes[~feasible, model.growth_index] = 0.0
        lost = (
            f"the learned uptakes of {(~feasible).sum()} of {len(feasible)} media cannot pay for maintenance; their "
            "growth is 0 and their other fluxes are NaN"
        )
        return Answer(Conditions(torch.from_numpy(lower), torch.from_numpy(upper)), fluxes, feasible, lost)


def learned_uptakes(model: AbstractFluxModel, conditions: Conditions) -> np.ndarray:
    """Learned largest uptakes, 0 for what is absent, shape `[samples, exchanges]` in the order of the fit [mmol/gDW/h].

    Raises:
        InputError: The model learns no uptakes.
    """
    learner = _media_model(model)
    with torch.no_grad():
        learned: np.ndarray = learner.uptakes(conditions).double().numpy()
    return learned


def growth_of_members(model: AbstractFluxModel, conditions: Conditions) -> np.ndarray:
    """Growth by every member of the ensemble, exact, shape `[members, samples]` [1/h]; 0 where a medium starves.

    Raises:
        InputError: The model learns no uptakes.
    """
    return _media_model(model).member_growth(conditions)


def _media_model(model: AbstractFluxModel) -> MediumGNN:
    if not isinstance(model, MediumGNN):
        raise InputError(
            "uptakes are learned from inputs of 'present' or 'concentration'; expected a predictor of these kinds"
        )
    return model
