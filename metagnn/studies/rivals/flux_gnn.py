"""Train FluxGNN on labelled media, and answer under more than one constraint."""

from __future__ import annotations

import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.samples import Samples
from metagnn.studies.rivals.problem import Effort


def train_flux_gnn(
    network: MetabolicNetwork, samples: Samples, constraint: str, effort: Effort, seed: int
) -> FluxPredictor:
    """Train a FluxGNN on media and their fluxes.

    Args:
        network: The network.
        samples: Training samples.
        constraint: "steady_state", "soft" or "polytope".
        effort: Training and sizes.
        seed: Seed of the weights and of the order of the samples.
    """
    predictor = FluxPredictor(
        network, constraint=constraint, seed=seed, config=effort.config, training=effort.training, estimate=None
    )
    return predictor.fit(samples.media, samples.fluxes, progress=False)


def predict_under(predictor: FluxPredictor, constraint: str, media: pd.DataFrame) -> pd.DataFrame:
    """Predict with the same weights under a constraint: "steady_state" and "polytope" differ in the last operation."""
    return predictor.with_constraint(constraint).predict(media)
