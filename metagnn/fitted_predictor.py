"""FittedPredictor: what training leaves, and what a prediction needs."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import torch

from metagnn.analysis.composition.fitted_composition import Composition, fitted_composition, warn_undetermined
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.inputs.kind import AbstractInputKind, Answer
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.metabolic_network import MetabolicNetwork


@dataclass(frozen=True, eq=False)
class FittedPredictor:
    """A trained model with all that its predictions rest on. Frozen, so that many threads may ask it at once.

    Attributes:
        model: The model, in evaluation.
        network: The network with the bounds that the constraint lifts and the biomass column in use.
        exchanges: Exchanges that the inputs of the fit named.
        columns: All columns of these inputs.
        history: Terms of the objective by epoch.
        composition: Alpha and beta, where they were fitted.
        screen: Which samples any flux satisfies.
    """

    model: AbstractFluxModel
    network: MetabolicNetwork
    exchanges: tuple[str, ...]
    columns: tuple[str, ...]
    history: pd.DataFrame
    composition: Composition | None = None
    screen: FeasibilityScreen = field(init=False)

    def __post_init__(self) -> None:
        if self.model.biomass is not None:
            column = self.model.biomass.column().detach().numpy()
            object.__setattr__(self, "network", self.network.with_biomass(column))
        object.__setattr__(self, "screen", FeasibilityScreen(self.network))

    def answer(self, kind: AbstractInputKind, inputs: pd.DataFrame) -> Answer:
        """Predict the samples of a table.

        Raises:
            TableError: Inputs that cannot be used.
        """
        # Bounds are those before training; with another biomass column they are the same.
        conditions = kind.read(self.network, inputs, expected=self.exchanges)
        return kind.answer(self.network, self.model, self.screen, conditions)


def estimate_composition(model: AbstractFluxModel, samples: FluxBatch) -> Composition | None:
    """Alpha and beta of a trained model with their intervals; None where the composition is that of the network."""
    if model.biomass is None:
        return None
    composition = fitted_composition(model.biomass, samples, torch.from_numpy(model.predict_fluxes(samples.conditions)))
    warn_undetermined(composition)
    return composition
