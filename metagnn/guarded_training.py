"""Train a graph network beside a simple estimate, and keep of it what helps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.estimates.completion import FluxCompletion
from metagnn.estimates.corrected_estimate import CorrectedEstimate
from metagnn.estimates.flux_estimate import FluxEstimate, fit_flux_estimate
from metagnn.estimates.measurement_gains import NOTICED, fit_gains, warn_of_gains
from metagnn.estimates.network_shares import NEEDED, fit_shares
from metagnn.estimates.relative_error import normalised_error, scaled_error
from metagnn.inputs.names import InputNames
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.predictor_setup import PredictorSetup
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import Checkpoints, Watch, fit_fluxes
from metagnn.training.rounds import ROUNDS

FOLDS = 3
"""Folds that a graph network is tried on; each costs a training."""

MOST_GAINED = 60
"""Samples that gains are fitted to: each costs a quadratic program a round."""

FITTED = "training samples"
"""Column of the table of errors."""

ROWS = ("simple estimate", "graph network", "prediction")
"""Rows of the table of errors."""


@dataclass(frozen=True)
class TrainingRun:
    """How a training is run: what does not change its result.

    Attributes:
        checkpoints: Where to keep the state, if anywhere.
        progress: Whether to show progress.
        watch: What else to record of the model, every few epochs.
    """

    checkpoints: Checkpoints | None = None
    progress: bool | None = None
    watch: Watch | None = None

    def part(self, name: str) -> TrainingRun:
        """The run of a further training beside the main one, in a folder of its own."""
        if self.checkpoints is None:
            return TrainingRun(None, self.progress)
        folder = Path(self.checkpoints.folder) / name
        folder.mkdir(exist_ok=True)
        return TrainingRun(dataclasses.replace(self.checkpoints, folder=folder), self.progress)


def train_network(
    setup: PredictorSetup, samples: FluxBatch, names: InputNames, run: TrainingRun
) -> tuple[AbstractFluxModel, pd.DataFrame]:
    """Train a fresh graph network on samples; return it in evaluation, with its history.

    Args:
        setup: What the predictor is made with.
        samples: Samples that can be learned from.
        names: What the table that they came from named.
        run: Checkpoints and progress.

    Raises:
        TableError: The samples lack what the model needs.
    """
    network, kind = setup.relaxed, setup.kind
    model = setup.new_model(names)
    model.prepare(network, samples.conditions)
    kind.check_learnable(network, model, samples)
    kind.begin(model, samples)
    scale = samples.scale(growth_index=model.growth_index)
    objective = kind.objective(network, setup.constraint, scale, setup.training)
    history = fit_fluxes(
        model, objective, samples, setup.training, setup.seed, run.checkpoints, run.progress, run.watch
    )
    model.eval().after_training(samples, scale)
    return model, history


@dataclass(frozen=True, eq=False)
class GuardedResult:
    """What a training beside a simple estimate leaves.

    Attributes:
        model: The graph network, in evaluation.
        history: Terms of its objective by epoch.
        corrected: The estimate with its correction; None where the network alone is best.
        left_out: What is predicted of every sample when its fold is left out, shape `[samples, reactions]`; None with
            the network alone.
    """

    model: AbstractFluxModel
    history: pd.DataFrame
    corrected: CorrectedEstimate | None = None
    left_out: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class GuardedTraining:
    """One training beside a simple estimate.

    Attributes:
        setup: What the predictor is made with.
        samples: Samples that can be learned from.
        names: What the table that they came from named.
        run: Checkpoints and progress.
    """

    setup: PredictorSetup
    samples: FluxBatch
    names: InputNames
    run: TrainingRun

    def train(self) -> GuardedResult:
        """Fit the estimate, train the network as far as it can help, and weigh them on samples left out.

        The network is tried after one round of epochs: one that fits its own training samples worse than the estimate
        predicts samples left out is of no use, and one that has no share then is not trained to the end.
        """
        estimate = fit_flux_estimate(self.setup.relaxed, self.samples, self._groups)
        simple = self._spread(estimate, estimate.chosen.left_out)
        limit = self._error(simple)
        first = dataclasses.replace(self.setup.training, epochs=self.setup.training.epochs or ROUNDS[0])
        model, history = self._train(self.samples, self.run.part("probe"), first)
        learned = model.predict_fluxes(self.samples.conditions)
        shares, left_out = np.zeros(self.samples.observed.shape[1]), None
        if self._error(learned) <= limit:
            folds = estimate.chosen.folds % FOLDS
            left_out = self._left_out(folds, first)
            scale = self._scale
            shares = fit_shares(simple / scale, left_out / scale, self._observed / scale, folds)
            if not self._normal(simple + shares * (left_out - simple)) <= NEEDED * self._normal(simple):
                shares[:] = 0.0
        if shares.any():
            if first != self.setup.training:
                # Worth training to the end.
                model, history = self._train(self.samples, self.run)
                learned = model.predict_fluxes(self.samples.conditions)
            if (shares[estimate.positions] == 1.0).all():
                return GuardedResult(model, history)
        unseen = (
            simple if left_out is None else np.where(np.isnan(left_out), simple, simple + shares * (left_out - simple))
        )
        corrected = CorrectedEstimate(estimate, shares, self._gains(estimate), pd.DataFrame())
        errors = self._errors(corrected, (simple, left_out, unseen), learned)
        if not errors.loc[ROWS[2], FITTED] <= max(errors.loc[ROWS[0]]):
            # On its own training samples it is worse than the estimate on samples left out. (Worse than the estimate on
            # the same samples it may be: with few samples that fits their noise.)
            corrected, unseen = dataclasses.replace(corrected, shares=np.zeros_like(shares)), simple
            errors = self._errors(corrected, (simple, left_out, unseen), learned)
        return GuardedResult(model, history, dataclasses.replace(corrected, errors=errors), unseen)

    @property
    def _groups(self) -> np.ndarray | None:
        return None if self.samples.groups is None else self.samples.groups.numpy()

    @property
    def _observed(self) -> np.ndarray:
        observed: np.ndarray = self.samples.observed.numpy()
        return observed

    @property
    def _scale(self) -> np.ndarray:
        index = self.setup.relaxed.reaction_index(self.setup.network.growth_reaction)
        scale: np.ndarray = self.samples.scale(growth_index=index).numpy()
        return scale

    def _train(
        self, samples: FluxBatch, run: TrainingRun, training: TrainingConfig | None = None
    ) -> tuple[AbstractFluxModel, pd.DataFrame]:
        setup = self.setup if training is None else dataclasses.replace(self.setup, training=training)
        return train_network(setup, samples, self.names, run)

    def _error(self, predicted: np.ndarray) -> float:
        weight = None if self.samples.weight is None else self.samples.weight.numpy()
        return scaled_error(predicted, self._observed, self._scale, weight)

    def _normal(self, predicted: np.ndarray) -> float:
        return normalised_error(predicted, self._observed)

    def _spread(self, estimate: FluxEstimate, values: np.ndarray) -> np.ndarray:
        spread = np.full(self._observed.shape, np.nan)
        spread[:, estimate.positions] = values
        return spread

    def _left_out(self, folds: np.ndarray, training: TrainingConfig) -> np.ndarray:
        """What networks trained on the other folds say of every sample; NaN for a fold that leaves too few."""
        left_out = np.full(self._observed.shape, np.nan)
        for fold in np.unique(folds):
            out = torch.from_numpy(np.flatnonzero(folds == fold))
            rest = torch.from_numpy(np.flatnonzero(folds != fold))
            model, _ = self._train(self.samples.rows(rest), self.run.part(f"fold-{fold}"), training)
            left_out[out.numpy()] = model.predict_fluxes(self.samples.conditions.rows(out))
        return left_out

    def _gains(self, estimate: FluxEstimate) -> np.ndarray:
        """Gains of what was measured; all 1 where the measurements close."""
        network, kept = self.setup.relaxed, slice(0, MOST_GAINED)
        conditions, observed = self.samples.conditions.rows(kept), self._observed[kept]
        deviation = self._spread(estimate, estimate.chosen.deviation_left_out)[kept]
        completion = FluxCompletion(network, conditions, estimate.knowledge.own_fluxes(conditions))
        nearest = completion.complete(observed, deviation)
        gains = np.ones(observed.shape[1])
        if not normalised_error(nearest[:, estimate.positions], observed[:, estimate.positions]) > NOTICED:
            return gains
        gains = fit_gains(completion.complete, observed, deviation)
        warn_of_gains(gains[estimate.positions], [network.reactions[k] for k in estimate.positions])
        return gains

    def _errors(
        self, fitted: CorrectedEstimate, unseen: tuple[np.ndarray, np.ndarray | None, np.ndarray], learned: np.ndarray
    ) -> pd.DataFrame:
        """Errors on training samples and on those left out, of the estimate, the network and the prediction."""
        observed, conditions = self._observed, self.samples.conditions
        own = fitted.fluxes(self.setup.relaxed, conditions, None) * fitted.gains
        answer = fitted.fluxes(self.setup.relaxed, conditions, learned) * fitted.gains if fitted.needs_network else own
        found = [np.nan if values is None else normalised_error(values, observed) for values in unseen]
        trained = [normalised_error(values, observed) for values in (own, learned, answer)]
        return pd.DataFrame({FITTED: trained, "left out": found}, index=list(ROWS))
