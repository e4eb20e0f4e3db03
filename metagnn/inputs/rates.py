"""Inputs of "rates": measured signed exchange rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn.analysis.composition.fitted_composition import Composition
from metagnn.analysis.diagnosis.readout_columns import readout_columns
from metagnn.datasets.noise import RELATIVE_NOISE, SMALLEST_STD
from metagnn.datasets.rates.flux_table import STD, as_fluxes
from metagnn.datasets.targets import GROWTH
from metagnn.errors import TableError
from metagnn.files.flux_columns import data_columns, without_units
from metagnn.files.table_values import numeric_values, require_rows, table_knockouts
from metagnn.inputs.columns import input_exchanges
from metagnn.inputs.kind import AbstractInputKind, Answer, ModelChoice
from metagnn.models.constraint import AbstractConstraint
from metagnn.models.flux_gnn import FluxGNN
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.network.knockout import KNOCKOUT, Knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import BiomassComposition
from metagnn.training.config import TrainingConfig
from metagnn.training.objective import Objective, default_objective

WINDOW = 4.0
"""Standard deviations around a measured rate that the bounds are widened to hold."""


class Rates(AbstractInputKind):
    """Measured rates: columns are exchanges, values signed fluxes, uptake below zero [mmol/gDW/h], NaN for a gap.

    A column may name a flux inside the cell too, or `growth` [1/h]. A column `knockout` names the reactions or genes
    that a sample goes without.

    A column may have the name of a rate instead, such as "glucose uptake", "qO2" or "CER", as `read_rates` reads it.

    `<id>_std` holds standard deviations; 5 % (at least 0.01) are assumed where it is missing. The bounds are widened
    to hold what was measured.
    """

    name = "rates"
    # Noise sets how well measured rates can be fitted: a number of epochs, not an error to reach.
    training = TrainingConfig(epochs=150)
    signed = True

    def read(self, network: MetabolicNetwork, table: pd.DataFrame, expected: Sequence[str] | None = None) -> Conditions:
        """See the base class; an infinite rate, or a row without any rate is refused."""
        table = require_rows(table, "inputs")
        knockouts = table_knockouts(network, table)
        table = table.drop(columns=KNOCKOUT, errors="ignore")
        table = without_units(as_fluxes(network, data_columns(table, "inputs"), "inputs"))
        spreads = [str(name) for name in table.columns if str(name).endswith(STD)]
        names = [str(name) for name in table.columns if str(name) not in spreads]
        for name in spreads if names else ():
            if name.removesuffix(STD) not in names or spreads.count(name) > 1:
                raise TableError(f"column {name!r} holds standard deviations; expected one for each of {names}")
        grown = {GROWTH: network.growth_reaction} if GROWTH not in network.reactions else {}
        found = input_exchanges(network, [grown.get(name, name) for name in names], expected, inner=True)
        values = numeric_values(table.loc[:, [str(name) not in spreads for name in table.columns]])
        given = dict(zip(spreads, numeric_values(table[spreads]).T, strict=True)) if spreads else {}
        _check_values(names, values)
        return _conditions(network, found, values, _deviations(names, values, given), knockouts)

    def new_model(self, choice: ModelChoice) -> AbstractFluxModel:
        """See the base class; fluxes inside the cell are measured, and vary with no medium."""
        known = set(choice.network.reactions) - set(choice.network.exchanges)
        varied = [name for name in choice.names.exchanges if name not in known]
        return FluxGNN(choice.network, varied, choice.constraint, choice.config, choice.composition)

    def objective(
        self, network: MetabolicNetwork, constraint: AbstractConstraint, scale: Tensor, training: TrainingConfig
    ) -> Objective:
        """See the base class; the measured rates are fitted too."""
        return default_objective(network, constraint, scale, training, with_rates=True)

    def readouts(
        self,
        network: MetabolicNetwork,
        model: AbstractFluxModel,
        answer: Answer,
        contents: Composition | None,
        prior: Mapping[str, float] | None,
    ) -> dict[str, np.ndarray]:
        """Growth, CO2, alpha and beta, and whether the rates of a sample determine them."""
        biomass = model.biomass or BiomassComposition(network)
        measured = answer.conditions.measured
        if measured is None:
            return {}
        return readout_columns(network, biomass, contents, measured, answer.fluxes, prior)


def _check_values(names: Sequence[str], values: np.ndarray) -> None:
    if np.isinf(values).any():
        column = names[int(np.flatnonzero(np.isinf(values).any(axis=0))[0])]
        raise TableError(f"rate of {column!r} is infinite; expected a number, or NaN where nothing was measured")
    for row in np.flatnonzero(np.isnan(values).all(axis=1))[:1]:
        raise TableError(f"`inputs` has no measured rate in row {row}; expected at least one")


def _deviations(names: Sequence[str], values: np.ndarray, given: Mapping[str, np.ndarray]) -> np.ndarray:
    """Standard deviations, as given or assumed, shape `[samples, exchanges]`."""
    deviations: np.ndarray = np.maximum(RELATIVE_NOISE * np.abs(values), SMALLEST_STD)
    for position, name in enumerate(names):
        spread = given.get(name + STD)
        if spread is not None:
            if (spread <= 0).any() or np.isinf(spread).any():
                raise TableError(f"column {name + STD!r} holds a value that is not positive and finite")
            deviations[:, position] = np.where(np.isnan(spread), deviations[:, position], spread)
    return deviations


def _conditions(
    network: MetabolicNetwork, names: Sequence[str], values: np.ndarray, deviations: np.ndarray, knockouts: Knockouts
) -> Conditions:
    shape = (len(values), len(network.reactions))
    measured, deviation = np.full(shape, np.nan), np.full(shape, np.nan)
    positions = [network.reaction_index(name) for name in names]
    measured[:, positions], deviation[:, positions] = values, deviations
    # What was measured did happen: the bounds make room for it, a closed substrate included.
    lower = np.fmin(network.bounds.lower, measured - WINDOW * deviation)
    upper = np.fmax(network.bounds.upper, measured + WINDOW * deviation)
    knockouts.close(lower, upper)
    low, high, rate, spread = (torch.from_numpy(array) for array in (lower, upper, measured, deviation))
    closed = knockouts.to_mask(shape[1])
    return Conditions(low, high, rate, spread, closed=closed, exchanges=tuple(names))
