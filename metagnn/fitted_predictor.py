"""FittedPredictor: what training leaves, and what a prediction needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from metagnn.analysis.composition.fitted_composition import Composition, fitted_composition, warn_undetermined
from metagnn.analysis.diagnosis.constraint_report import constraint_report
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.estimates.corrected_estimate import CorrectedEstimate
from metagnn.estimates.made_by_fba import made_by_fba
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.guarded_training import GuardedTraining, TrainingRun, train_network
from metagnn.inputs.kind import Answer
from metagnn.inputs.names import InputNames
from metagnn.lifted_demands import lift_where_needed
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor_setup import PredictorSetup, SampleTables
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
        corrected: The simple estimate that the model corrects; None where the model alone predicts.
    """

    setup: PredictorSetup
    model: AbstractFluxModel
    names: InputNames
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    composition: Composition | None = None
    corrected: CorrectedEstimate | None = None

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
        corrected = self.corrected
        if corrected is not None and not corrected.needs_network:
            return self._as_answer(conditions, corrected.fluxes(self.network, conditions, None))
        try:
            answer = self.setup.kind.answer(self.network, self.model, self.screen, conditions)
        except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
            raise InputError(f"the weights of the predictor cannot be used ({error}); train again") from error
        if corrected is None:
            return answer
        return self._as_answer(conditions, corrected.fluxes(self.network, conditions, answer.fluxes))

    @staticmethod
    def _as_answer(conditions: Conditions, fluxes: np.ndarray) -> Answer:
        feasible = ~np.isnan(fluxes).any(axis=1)
        lost = f"no flux can satisfy {(~feasible).sum()} of {len(feasible)} rows; they are NaN"
        return Answer(conditions, fluxes, feasible, lost)

    def diagnose(self, answer: Answer, index: pd.Index, prior: Mapping[str, float] | None = None) -> pd.DataFrame:
        """How well an answer keeps the laws, and what it rests on; see `FluxPredictor.diagnose`."""
        columns = constraint_report(self.network, answer.conditions, answer.fluxes, answer.feasible)
        columns |= self.setup.kind.readouts(self.network, self.model, answer, self.composition, prior)
        return pd.DataFrame(columns, index=index)


def train_predictor(setup: PredictorSetup, tables: SampleTables, run: TrainingRun) -> FittedPredictor:
    """Train a fresh model on tables, beside a simple estimate where the setup asks for one.

    Args:
        setup: What the predictor is made with.
        tables: All samples; those that cannot be learned from are left out and counted in a warning.
        run: Checkpoints and progress.

    Raises:
        TableError: Tables that cannot be used, or too few usable samples.
    """
    samples = setup.read_samples(tables)
    guarded = setup.estimate is not None and setup.takes_estimate and not _made_by_fba(setup, samples)
    if guarded:
        setup, samples = lift_where_needed(setup, samples, tables)
    conditions = samples.conditions
    names = InputNames(conditions.exchanges, tuple(map(str, tables.inputs.columns)), conditions.feature_names)
    samples = setup.kind.usable(setup.screen, samples)
    if guarded:
        model, history, corrected = GuardedTraining(setup, samples, names, run).train()
        return FittedPredictor(setup, model, names, history, corrected=corrected)
    model, history = train_network(setup, samples, names, run)
    warn_underfit(history, samples, samples.scale(growth_index=model.growth_index))
    return FittedPredictor(setup, model, names, history, _estimate_composition(model, samples))


def _made_by_fba(setup: PredictorSetup, samples: FluxBatch) -> bool:
    seen = (~torch.isnan(samples.observed)).any(-1).numpy()
    conditions = samples.conditions
    usable = seen & setup.screen.feasible(conditions.lower.numpy(), conditions.upper.numpy())
    return bool(usable.any()) and made_by_fba(setup.relaxed, samples.rows(torch.from_numpy(np.flatnonzero(usable))))


def _estimate_composition(model: AbstractFluxModel, samples: FluxBatch) -> Composition | None:
    """Alpha and beta with their intervals; None where the composition is that of the network."""
    if model.biomass is None:
        return None
    fluxes = torch.from_numpy(model.predict_fluxes(samples.conditions))
    composition = fitted_composition(model.biomass, samples, fluxes)
    warn_undetermined(composition)
    return composition
