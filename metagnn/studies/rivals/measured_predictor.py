"""FluxPredictor on measured fluxes: as it comes, and FluxGNN alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from metagnn.errors import InputError
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.measured_fluxes import MeasuredFluxes
from metagnn.studies.rivals.measured_fluxes import FittedFluxes, FluxAnswer
from metagnn.training.config import TrainingConfig

LEVEL = 0.9


@dataclass(frozen=True)
class PredictorEffort:
    """How much work the predictor may put in.

    Attributes:
        training: Training of FluxGNN.
        config: Its sizes.
    """

    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(epochs=150))
    config: FluxGNNConfig = field(default_factory=FluxGNNConfig)


QUICK_EFFORT = PredictorEffort(TrainingConfig(epochs=2), FluxGNNConfig(hidden_channels=4, num_layers=1, steps=6))
"""Too little work for good scores; enough to see that everything runs."""


def inputs_of(rows: MeasuredFluxes, kind: str) -> pd.DataFrame:
    """Return uptakes as the inputs of a kind: "max_uptake", or "rates" with uptake below zero."""
    return rows.uptakes if kind == "max_uptake" else -rows.uptakes


def fit_predictor(
    train: MeasuredFluxes,
    seed: int,
    kind: str = "max_uptake",
    effort: PredictorEffort | None = None,
    alone: bool = False,
) -> FittedFluxes:
    """Train a predictor, and answer with intervals where it has them.

    Args:
        train: Training samples; what counts as measured is in their targets.
        seed: Seed of the training.
        kind: Kind of inputs.
        effort: How much work it may put in.
        alone: Whether FluxGNN answers alone, without a simple estimate.
    """
    effort = effort or PredictorEffort()
    config, training = effort.config, effort.training
    estimate = None if alone else "auto"
    predictor = FluxPredictor(
        train.network, kind, "polytope", seed=seed, config=config, training=training, estimate=estimate
    )
    with warnings.catch_warnings():
        # That a sample cannot be fed, or that training rows do not fit, is what the scores show.
        warnings.simplefilter("ignore")
        predictor.fit(inputs_of(train, kind), train.targets, groups=train.groups, progress=False)
    return partial(_answer, predictor, kind, list(train.targets.columns))


def intervals(predictor: FluxPredictor, inputs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return 90 % intervals of every flux; None where the fit had too few samples to calibrate them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return predictor.predict_interval(inputs, level=LEVEL)
        except InputError:
            return None


def _answer(predictor: FluxPredictor, kind: str, columns: list[str], rows: MeasuredFluxes) -> FluxAnswer:
    inputs = inputs_of(rows, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fluxes, report = predictor.predict_and_diagnose(inputs)
    # A graph network alone would be trained three times more for its intervals.
    ends = None if predictor.estimate is None else intervals(predictor, inputs)
    # A sample without an answer is scored as zero flux.
    fluxes = fluxes.fillna(0.0)
    laws = {name: float(np.nan_to_num(report[name].max())) for name in ("max_abs_sv", "max_bound_violation")}
    errors = predictor.errors_
    answer = FluxAnswer(
        fluxes[columns].to_numpy(),
        fluxes.to_numpy(),
        laws=laws,
        measurements=(fluxes * predictor.gains_)[columns].to_numpy(),
        simple_error=None if errors.empty else float(errors["training samples"]["simple estimate"]),
    )
    if ends is None:
        return answer
    low, high = (end.reindex(columns=fluxes.columns) for end in ends)
    of_targets = low[columns].to_numpy(), high[columns].to_numpy()
    return replace(answer, low=of_targets[0], high=of_targets[1], all_low=low.to_numpy(), all_high=high.to_numpy())
