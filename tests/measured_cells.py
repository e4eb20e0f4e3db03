"""Cells that are not optimal, on the network of six reactions: they waste food, and are measured with noise."""

import numpy as np
import pandas as pd

from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig

Table = pd.DataFrame
MEASURED = ["growth", "EX_b", "respire"]


def cell() -> MetabolicNetwork:
    equations = {
        "EX_a": "a <=>",
        "EX_o": "o <=>",
        "ferment": "a -> 2 b",
        "respire": "a + o -> 3 b",
        "EX_b": "b ->",
        "growth": "3 b ->",
    }
    formulas = {"a": "C6H12O6N2", "b": "C2H4O2N", "o": "O2"}
    return toy_network(equations, "growth", {"EX_a": (-10, 1000), "EX_o": (-10, 1000)}, formulas)


def wasteful(samples: int = 24, seed: int = 0, noise: float = 0.03, share: object = 0.6) -> tuple[Table, Table, Table]:
    """Media, all fluxes and measured fluxes: a tenth of the food is left, and `share` of what is made grows."""
    random = np.random.default_rng(seed)
    food, oxygen = random.uniform(3, 10, samples), random.uniform(1, 10, samples)
    respired = np.minimum(0.5 * food, 0.7 * oxygen)
    fermented = 0.9 * food - respired
    made = 2 * fermented + 3 * respired
    growth = np.asarray(share) * made / 3
    truth = Table(
        {
            "EX_a": -(fermented + respired),
            "EX_o": -respired,
            "ferment": fermented,
            "respire": respired,
            "EX_b": made - 3 * growth,
            "growth": growth,
        }
    )
    measured = truth[MEASURED] * random.normal(1.0, noise, (samples, len(MEASURED)))
    return Table({"EX_a": food, "EX_o": oxygen}), truth, measured


def small(network: MetabolicNetwork, inputs: str = "max_uptake", **choices: object) -> FluxPredictor:
    """An untrained predictor whose graph network is trained for a moment."""
    training = choices.pop("training", TrainingConfig(epochs=2))
    return FluxPredictor(network, inputs, config=FluxGNNConfig(4, 2, 6), training=training, **choices)
