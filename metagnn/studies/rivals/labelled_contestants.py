"""The models that stand beside each other: FluxGNN, a feed-forward network, and the trivial baselines."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.models.flux_mlp import FluxMLP
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.samples import Samples
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import fit_fluxes
from metagnn.training.objective import default_objective

MLP_TRAINING = TrainingConfig(epochs=600, learning_rate=3e-3, bound_weight=0.0)
"""The best of eight settings tried for the feed-forward network (batches of 32 and all, 300 to 600 epochs, learning
rates from 1e-3 to 1e-2, weight decay from 0 to 0.3), by growth on media of the same ranges."""

PENALTIES = np.logspace(-6, 3, 19)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a trained model answers on the test media.

    Attributes:
        fluxes: Predicted fluxes, shape `[samples, reactions]` [mmol/gDW/h].
        history: Terms of the objective by epoch; empty for baselines without epochs.
        train_seconds: Wall time of the training.
    """

    fluxes: np.ndarray
    history: pd.DataFrame
    train_seconds: float


def flux_gnn(network: MetabolicNetwork, train: Samples, media: pd.DataFrame, seed: int, constraint: str) -> Outcome:
    """The default FluxGNN through `FluxPredictor`."""
    predictor = FluxPredictor(network, constraint=constraint, seed=seed)
    started = time.perf_counter()
    predictor.fit(train.media, train.fluxes, progress=False)
    seconds = time.perf_counter() - started
    return Outcome(predictor.predict(media).to_numpy(), predictor.history_, seconds)


def mlp(
    network: MetabolicNetwork, train: Samples, media: pd.DataFrame, seed: int, training: TrainingConfig = MLP_TRAINING
) -> Outcome:
    """A feed-forward network with standardised output and a steady-state projection."""
    lower, upper = network.uptake_bounds(list(train.media.columns), train.media.to_numpy())
    samples = FluxBatch(*(torch.from_numpy(array) for array in (lower, upper, train.fluxes.to_numpy())))
    started = time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FluxMLP(network, samples.lower, samples.observed)
    objective = default_objective(network, "steady_state", samples.scale(growth_index=model.growth_index), training)
    history = fit_fluxes(model, objective, samples, training, seed, progress=False)
    seconds = time.perf_counter() - started
    test_lower, test_upper = (torch.from_numpy(a) for a in network.uptake_bounds(list(media.columns), media.to_numpy()))
    with torch.no_grad():
        fluxes = model(test_lower, test_upper).fluxes.numpy()
    return Outcome(fluxes, history, seconds)


def regression(regressor: BaseEstimator, train: Samples, media: pd.DataFrame) -> Outcome:
    """A scikit-learn regressor from uptakes to all fluxes."""
    started = time.perf_counter()
    regressor.fit(train.media.to_numpy(), train.fluxes.to_numpy())
    return Outcome(regressor.predict(media.to_numpy()), pd.DataFrame(), time.perf_counter() - started)


def ridge() -> BaseEstimator:
    """Ridge regression, its penalty chosen by leave-one-out cross-validation."""
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES))


def quadratic_ridge() -> BaseEstimator:
    """Ridge regression on all products of two uptakes."""
    return make_pipeline(
        StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), RidgeCV(PENALTIES)
    )


Contestant = Callable[[MetabolicNetwork, Samples, pd.DataFrame, int], Outcome]

CONTESTANTS: dict[str, Contestant] = {
    "flux_gnn_steady_state": lambda network, train, media, seed: flux_gnn(network, train, media, seed, "steady_state"),
    "flux_gnn_soft": lambda network, train, media, seed: flux_gnn(network, train, media, seed, "soft"),
    "mlp": mlp,
    "ridge": lambda network, train, media, seed: regression(ridge(), train, media),
    "quadratic_ridge": lambda network, train, media, seed: regression(quadratic_ridge(), train, media),
    "mean": lambda network, train, media, seed: regression(DummyRegressor(), train, media),
}
