"""Compare the prediction of a batch of media with one linear program for each."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import cobra.io
import numpy as np

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network.from_cobra import load_network
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.comparison import Comparison, compare
from metagnn.studies.harness.runs import Progress
from metagnn.training.config import TrainingConfig

BATCH = 1000


def measure_inference(seed: int, progress: Progress, quick: bool = False) -> list[Comparison]:
    """Predict 1,000 media of e_coli_core, feasibility check and table included, beside FBA of each.

    The rivals are cobra's `slim_optimize` in a loop (growth only) and metagnn's own labels (all fluxes).
    """
    network = load_network("e_coli_core")
    media = uniform_media(E_COLI_CORE_RANGES, BATCH, seed=seed)
    with warnings.catch_warnings():
        # About 1 % of these media are infeasible, as expected.
        warnings.simplefilter("ignore")
        # How long a model was trained does not change the time of a prediction.
        predictor = FluxPredictor(network, seed=seed, training=TrainingConfig(epochs=1), estimate=None)
        predictor.fit(media[:100], simulate_fluxes(network, media[:100]).fluxes, progress=False)
        scales = (1e6 / BATCH, 1e6 / BATCH)
        rivals: dict[str, Callable[[], object]] = {
            "prediction / cobra slim_optimize": lambda: _slim_optimize(model, uptakes),
            "prediction / metagnn min_norm labels": lambda: simulate_fluxes(network, media),
        }
        model, uptakes = cobra.io.load_model("textbook"), media.to_numpy()
        rows = []
        for done, (name, rival) in enumerate(rivals.items()):
            progress(done, len(rivals))
            case = (name, network.id, "µs per medium")
            rows.append(compare(case, lambda: predictor.predict(media), rival, scales))
        progress(len(rivals), len(rivals))
    return rows


def _slim_optimize(model: cobra.Model, uptakes: np.ndarray) -> list[float]:
    exchanges = [model.reactions.get_by_id(name) for name in E_COLI_CORE_RANGES]
    growth = []
    for row in uptakes:
        for exchange, uptake in zip(exchanges, row, strict=True):
            exchange.lower_bound = -uptake
        growth.append(model.slim_optimize())
    return growth
