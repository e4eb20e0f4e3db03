"""FittedPredictor: what training leaves, and what a prediction needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pandas as pd
import torch

from metagnn.analysis.composition.fitted_composition import Composition, fitted_composition, warn_undetermined
from metagnn.analysis.diagnosis.constraint_report import constraint_report
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.estimates.corrected_estimate import CorrectedEstimate
from metagnn.estimates.flux_intervals import IntervalFinder, TargetBeliefs
from metagnn.estimates.flux_knowledge import FluxKnowledge, exchanges_of
from metagnn.estimates.made_by_fba import made_by_fba
from metagnn.estimates.novelty import EXTRAPOLATED, NEW, Novelty
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.guarded_training import GuardedTraining, TrainingRun, train_network
from metagnn.inputs.kind import Answer
from metagnn.inputs.names import InputNames
from metagnn.interval_calibration import Calibration, calibrated_estimate, cross_fitted
from metagnn.lifted_demands import lift_where_needed
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor_setup import PredictorSetup, SampleTables
from metagnn.training.linear_baseline import warn_underfit
from metagnn.training.rounds import training_end

NORMAL = NormalDist()
"""Errors of measured rates, whose standard deviation was given or assumed."""


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
        calibration: Errors of samples left out, which intervals are made from; None until they are asked for.
        known: Inputs of the training samples, shape `[samples, inputs]`, by which others are judged.
        samples: The training samples; None in a predictor that was loaded.
    """

    setup: PredictorSetup
    model: AbstractFluxModel
    names: InputNames
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    composition: Composition | None = None
    corrected: CorrectedEstimate | None = None
    calibration: Calibration | None = None
    known: np.ndarray | None = None
    samples: FluxBatch | None = None

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
        if corrected is None:
            return self._by_network(conditions)
        learned = self._learned(conditions) if corrected.needs_network else None
        return self._as_answer(conditions, corrected.fluxes(self.network, conditions, learned))

    def _by_network(self, conditions: Conditions) -> Answer:
        try:
            answer = self.setup.kind.answer(self.network, self.model, self.screen, conditions)
            return dataclasses.replace(answer, given=conditions)
        except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
            raise InputError(f"the weights of the predictor cannot be used ({error}); train again") from error

    def _learned(self, conditions: Conditions) -> np.ndarray:
        return self._by_network(conditions).fluxes

    @staticmethod
    def _as_answer(conditions: Conditions, fluxes: np.ndarray) -> Answer:
        feasible = ~np.isnan(fluxes).any(axis=1)
        lost = f"no flux can satisfy {(~feasible).sum()} of {len(feasible)} rows; they are NaN"
        return Answer(conditions, fluxes, feasible, lost)

    def diagnose(self, answer: Answer, index: pd.Index, prior: Mapping[str, float] | None = None) -> pd.DataFrame:
        """How well an answer keeps the laws, and what it rests on; see `FluxPredictor.diagnose`."""
        columns = constraint_report(self.network, answer.conditions, answer.fluxes, answer.feasible)
        columns |= self.setup.kind.readouts(self.network, self.model, answer, self.composition, prior)
        if self.known is not None:
            given = answer.conditions if answer.given is None else answer.given
            columns["novelty"] = Novelty(self.known).describe(inputs_of(self.setup, given))
        return pd.DataFrame(columns, index=index)

    def calibrated(self, progress: bool | None = None) -> FittedPredictor:
        """The predictor with errors of samples left out, which intervals are made from; itself if it has them.

        Raises:
            InputError: It was loaded without them, or applied to another network than that of its samples.
        """
        if self.calibration is not None:
            return self
        if self.samples is None:
            raise InputError(
                "the predictor has no intervals: it was saved without them, or belongs to another network; call "
                "`predict_interval` once before `save`, which trains the network three times on two thirds of its "
                "samples"
            )
        calibration = cross_fitted(self.setup, self.samples, self.names, len(self.history), TrainingRun(None, progress))
        return dataclasses.replace(self, calibration=calibration)

    def intervals(self, conditions: Conditions, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the intervals of every flux, each of shape `[samples, reactions]` [mmol/gDW/h].

        Args:
            conditions: What is known of the samples.
            level: Share of the fluxes that the intervals are to hold.

        Raises:
            InputError: A level that is no probability, or too few training samples for it.
        """
        answer, beliefs = self.beliefs(conditions, level)
        return self.finder.intervals(answer.conditions, beliefs, answer.fluxes)

    @cached_property
    def finder(self) -> IntervalFinder:
        """What finds intervals; what it prepares of the network serves all samples."""
        return IntervalFinder(self.network, self.setup.seed, self.setup.kind.estimated)

    def beliefs(self, conditions: Conditions, level: float) -> tuple[Answer, TargetBeliefs]:
        """Predictions of samples, and what is thought of the fluxes that were observed in training."""
        calibration = self.calibration
        if calibration is None:
            raise InputError("the predictor has no errors of samples left out; call `calibrated` first")
        scales, answer = calibration.scales(level), self.answer(conditions)
        if self.corrected is None:
            mean = np.where(calibration.observed, answer.fluxes, np.nan)
            deviation = np.broadcast_to(np.nanmean(calibration.deviation, axis=0), mean.shape)
        else:
            learned = self._learned(conditions) if self.corrected.needs_network else None
            mean, deviation = self.corrected.targets(conditions, learned)
        # A measured rate is an input, not a target: its own noise is what is known of it.
        scale = np.where(np.isnan(scales), NORMAL.inv_cdf((1 + level) / 2), scales)
        widths = self._widening(conditions)[:, None] * scale
        return answer, TargetBeliefs(mean, deviation, widths, calibration.standardised(), level)

    def _widening(self, conditions: Conditions) -> np.ndarray:
        """Factor of the half-widths of every sample: above 1 outside of what the fit saw, by the distance to it."""
        if self.known is None:
            return np.ones(len(conditions))
        novelty, inputs = Novelty(self.known), inputs_of(self.setup, conditions)
        outside = np.isin(novelty.describe(inputs), (NEW, EXTRAPOLATED))
        widened: np.ndarray = np.where(outside, 1.0 + novelty.distance(inputs), 1.0)
        return widened


def inputs_of(setup: PredictorSetup, conditions: Conditions) -> np.ndarray:
    """What the table of inputs says of samples, shape `[samples, inputs]`."""
    return FluxKnowledge(setup.relaxed, exchanges_of(setup.relaxed, conditions)).uptakes(conditions)


def known_inputs(setup: PredictorSetup, samples: FluxBatch) -> np.ndarray:
    """As `inputs_of`, of training samples."""
    return inputs_of(setup, samples.conditions)


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
    measured = setup.estimate is not None and setup.kind.estimated and not _made_by_fba(setup, samples)
    if measured:
        setup, samples = lift_where_needed(setup, samples, tables)
    guarded = measured and setup.takes_estimate
    conditions = samples.conditions
    names = InputNames(conditions.exchanges, tuple(map(str, tables.inputs.columns)), conditions.feature_names)
    samples = setup.kind.usable(setup.screen, samples)
    if guarded:
        found = GuardedTraining(setup, samples, names, run).train()
        corrected, calibration = found.corrected, None
        if corrected is not None and found.left_out is not None:
            calibration = calibrated_estimate(corrected, samples, found.left_out)
        return FittedPredictor(
            setup,
            found.model,
            names,
            found.history,
            None,
            corrected,
            calibration,
            known_inputs(setup, samples),
            samples,
        )
    model, history = train_network(setup, samples, names, run)
    warn_underfit(history, samples, samples.scale(growth_index=model.growth_index))
    composition = _estimate_composition(model, samples)
    known = known_inputs(setup, samples)
    return FittedPredictor(setup, model, names, history, composition, known=known, samples=samples)


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
