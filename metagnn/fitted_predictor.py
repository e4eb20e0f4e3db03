"""FittedPredictor: what training leaves, and what a prediction needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import torch

from metagnn.analysis.composition.fitted_composition import Composition, fitted_composition, warn_undetermined
from metagnn.analysis.diagnosis.constraint_report import constraint_report
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.inputs.kind import Answer
from metagnn.inputs.names import InputNames
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor_setup import PredictorSetup
from metagnn.training.fit import Checkpoints, Watch, fit_fluxes
from metagnn.training.linear_baseline import warn_underfit
from metagnn.training.rounds import training_end


@dataclass(frozen=True, eq=False)
class FittedPredictor:
    """A trained model with all that its predictions rest on. Frozen, so that many threads may ask it at once.

    Attributes:
        setup: What it was made with.
        model: The model, in evaluation.
        names: What the inputs of the fit named.
        history: Terms of the objective by epoch.
        composition: Alpha and beta, where they were fitted.
    """

    setup: PredictorSetup
    model: AbstractFluxModel
    names: InputNames
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    composition: Composition | None = None

    @cached_property
    def network(self) -> MetabolicNetwork:
        """The network with the bounds that the constraint lifts and the biomass column in use."""
        biomass = self.model.biomass
        relaxed = self.setup.relaxed
        return relaxed if biomass is None else relaxed.with_biomass(biomass.column().detach().numpy())

    @property
    def trained(self) -> str:
        """How long it was trained, and why no longer."""
        return training_end(self.history, self.setup.training.epochs)

    @cached_property
    def screen(self) -> FeasibilityScreen:
        """Which samples any flux satisfies."""
        return self.setup.screen if self.model.biomass is None else FeasibilityScreen(self.network)

    def answer(self, conditions: Conditions) -> Answer:
        """Predict samples.

        Raises:
            InputError: The weights are so far apart that no metric follows from them, as after damage or divergence.
        """
        try:
            return self.setup.kind.answer(self.network, self.model, self.screen, conditions)
        except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
            raise InputError(f"the weights of the predictor cannot be used ({error}); train again") from error

    def diagnose(self, answer: Answer, index: pd.Index, prior: Mapping[str, float] | None = None) -> pd.DataFrame:
        """How well an answer keeps the laws, and what it rests on; see `FluxPredictor.diagnose`."""
        columns = constraint_report(self.network, answer.conditions, answer.fluxes, answer.feasible)
        columns |= self.setup.kind.readouts(self.network, self.model, answer, self.composition, prior)
        return pd.DataFrame(columns, index=index)


def train_predictor(
    setup: PredictorSetup,
    samples: FluxBatch,
    names: InputNames,
    checkpoints: Checkpoints | None = None,
    progress: bool | None = None,
    watch: Watch | None = None,
) -> FittedPredictor:
    """Train a fresh model on samples.

    Args:
        setup: What the predictor is made with.
        samples: All samples; those that cannot be learned from are left out and counted in a warning.
        names: What the table that they came from named.
        checkpoints: Where to keep the state, if anywhere.
        progress: Whether to show progress.
        watch: What else to record, every few epochs.

    Raises:
        TableError: Too few usable samples.
    """
    network, kind = setup.relaxed, setup.kind
    samples = kind.usable(setup.screen, samples)
    model = setup.new_model(names)
    model.prepare(network, samples.conditions)
    kind.check_learnable(network, model, samples)
    kind.begin(model, samples)
    scale = samples.scale(growth_index=model.growth_index)
    objective = kind.objective(network, setup.constraint, scale, setup.training)
    history = fit_fluxes(model, objective, samples, setup.training, setup.seed, checkpoints, progress, watch)
    warn_underfit(history, samples, scale)
    model.eval().after_training(samples, scale)
    return FittedPredictor(setup, model, names, history, _estimate_composition(model, samples))


def _estimate_composition(model: AbstractFluxModel, samples: FluxBatch) -> Composition | None:
    """Alpha and beta with their intervals; None where the composition is that of the network."""
    if model.biomass is None:
        return None
    fluxes = torch.from_numpy(model.predict_fluxes(samples.conditions))
    composition = fitted_composition(model.biomass, samples, fluxes)
    warn_undetermined(composition)
    return composition
