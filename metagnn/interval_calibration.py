"""Calibration: how far predictions of left-out samples were off, from which intervals get their width."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.estimates.conformal import calibrate, check_level, least_rows
from metagnn.estimates.corrected_estimate import CorrectedEstimate
from metagnn.guarded_training import FOLDS, TrainingRun, train_network
from metagnn.inputs.names import InputNames
from metagnn.predictor_setup import PredictorSetup
from metagnn.training.sampler import ShuffledBatches

FLOOR = 1e-6
"""Smallest deviation, relative to the largest size of a flux: an error of exactly zero would promise too much."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Errors of predictions of samples that were left out.

    Attributes:
        errors: Observed minus predicted, shape `[samples, reactions]` [mmol/gDW/h]; NaN where nothing was observed.
        deviation: How uncertain the prediction said it was, the same shape.
        groups: Group of every sample, shape `[samples]`; None where samples were left out without regard to groups.
    """

    errors: np.ndarray
    deviation: np.ndarray
    groups: np.ndarray | None

    @property
    def observed(self) -> np.ndarray:
        """Reactions that were observed, boolean, shape `[reactions]`."""
        observed: np.ndarray = (~np.isnan(self.errors)).any(axis=0)
        return observed

    def scales(self, level: float) -> np.ndarray:
        """Half-widths of intervals in deviations, shape `[reactions]`; NaN for what was never observed.

        Raises:
            InputError: A level that is no probability, or too few samples for it.
        """
        check_level(level)
        rows = (~np.isnan(self.errors)).sum(axis=0)
        if not (rows >= least_rows(level)).any():
            raise InputError(
                f"the predictor was fitted to {rows.max()} samples at most of a flux; an interval of level {level:g} "
                f"needs at least {least_rows(level)} that were left out: measure more, or ask for a lower level"
            )
        scales = np.full(len(rows), np.nan)
        enough = rows >= least_rows(level)
        scales[enough] = calibrate(self.errors[:, enough], self.deviation[:, enough], level, self._usable_groups())
        # A flux that was seen too rarely is taken to be as far off as the worst of the others.
        scales[self.observed & ~enough] = np.nanmax(scales)
        return scales

    def standardised(self) -> np.ndarray:
        """Errors in units of their deviation, shape `[samples, reactions]`."""
        standard: np.ndarray = self.errors / self.deviation
        return standard

    def _usable_groups(self) -> np.ndarray | None:
        return None if self.groups is None or len(np.unique(self.groups)) < 2 else self.groups

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All that `from_arrays` needs."""
        arrays = {"errors": self.errors, "deviation": self.deviation}
        return arrays if self.groups is None else {**arrays, "groups": self.groups}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], reactions: int) -> Calibration:
        """The calibration of a file; a KeyError or ValueError means that it is damaged."""
        errors, deviation, groups = arrays["errors"], arrays["deviation"], arrays.get("groups")
        if errors.ndim != 2 or errors.shape[1] != reactions or deviation.shape != errors.shape:
            raise ValueError(f"errors of shape {errors.shape}; expected [samples, {reactions}]")
        return cls(errors, deviation, groups)


def calibrated_estimate(corrected: CorrectedEstimate, samples: FluxBatch, left_out: np.ndarray) -> Calibration:
    """The calibration of an estimate with its correction.

    Args:
        corrected: The estimate.
        samples: The training samples.
        left_out: What is predicted of each when its fold is left out, shape `[samples, reactions]`.
    """
    deviation = np.full(left_out.shape, np.nan)
    estimate = corrected.estimate
    deviation[:, estimate.positions] = estimate.chosen.deviation_left_out
    observed = samples.observed.numpy()
    return Calibration(observed - left_out, _floored(deviation, observed), _groups(samples))


def cross_fitted(
    setup: PredictorSetup, samples: FluxBatch, names: InputNames, epochs: int, run: TrainingRun
) -> Calibration:
    """The calibration of a graph network alone: it is trained anew without a third of the samples, three times.

    Args:
        setup: What the predictor is made with.
        samples: The training samples.
        names: What the table that they came from named.
        epochs: Epochs of every training.
        run: Progress.
    """
    setup = dataclasses.replace(setup, training=dataclasses.replace(setup.training, epochs=epochs))
    (order,) = ShuffledBatches(len(samples), len(samples), setup.seed)
    fold = np.empty(len(samples), dtype=np.int64)
    fold[np.asarray(order)] = np.arange(len(samples)) % FOLDS
    groups = _groups(samples)
    if groups is not None and len(np.unique(groups)) >= FOLDS:
        fold = groups % FOLDS
    predicted = np.full(samples.observed.shape, np.nan)
    for left_out in range(FOLDS):
        inside, outside = (torch.from_numpy(np.flatnonzero(rows)) for rows in (fold != left_out, fold == left_out))
        model, _ = train_network(setup, samples.rows(inside), names, run)
        answer = setup.kind.answer(setup.relaxed, model, setup.screen, samples.conditions.rows(outside))
        predicted[outside.numpy()] = answer.fluxes
    observed = samples.observed.numpy()
    errors = observed - predicted
    typical = np.sqrt(np.nanmean(np.square(np.where(np.isnan(errors).all(axis=0), 0.0, errors)), axis=0))
    return Calibration(errors, _floored(np.broadcast_to(typical, errors.shape), observed), groups)


def _floored(deviation: np.ndarray, observed: np.ndarray) -> np.ndarray:
    seen = ~np.isnan(observed)
    least = FLOOR * max(np.abs(observed[seen]).max(initial=0.0), FLOOR)
    floored: np.ndarray = np.where(np.isnan(deviation), np.nan, np.maximum(deviation, least))
    return floored


def _groups(samples: FluxBatch) -> np.ndarray | None:
    return None if samples.groups is None else samples.groups.numpy()
