"""Two small training runs, as a program: Lightning starts it again for every further process."""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from metagnn.datasets import FluxBatch, uniform_media
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.network.conditions import Conditions
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig, default_objective, fit_fluxes
from metagnn.training.processes import is_first_process

EQUATIONS = {
    "EX_a": "a <=>",
    "EX_o": "o <=>",
    "ferment": "a -> 2 b",
    "respire": "a + o -> 3 b",
    "EX_b": "b ->",
    "growth": "3 b ->",
}


def losses(constraint: str, composition: str, devices: int = 1, strategy: str = "auto") -> dict[str, list[float]]:
    """Every term of five epochs, in batches that no two processes can halve; and what was learnt."""
    toy = toy_network(
        EQUATIONS, "growth", {"EX_a": (-10, 1000)}, formulas={"a": "C6H12O6N2", "b": "C2H4O2N", "o": "O2"}
    )
    media = uniform_media({"EX_a": (1, 10), "EX_o": (0, 10)}, 20)
    lower, upper = (torch.from_numpy(bound) for bound in toy.uptake_bounds(list(media), media.to_numpy()))
    random = np.random.default_rng(0)
    observed = torch.from_numpy(random.uniform(0, 5, lower.shape))
    # Unlike numbers of observations in the two halves of a batch: a mean of means would not be the mean.
    observed[torch.from_numpy(random.random(observed.shape) < 0.5)] = torch.nan
    measured = torch.where(torch.isnan(observed), torch.nan, observed + 0.1)
    samples = FluxBatch(Conditions(lower, upper, measured, 0.1 * torch.ones_like(measured)), observed)
    torch.manual_seed(0)
    model = FluxGNN(toy, ("EX_a", "EX_o"), constraint, FluxGNNConfig(4, num_layers=2, steps=6), composition)
    config = TrainingConfig(
        epochs=5, batch_size=7, learning_rate=0.02, validation_fraction=0.25, accelerator="cpu", devices=devices,
        strategy=strategy,
    )  # fmt: skip
    objective = default_objective(toy, constraint, samples.scale(growth_index=5), config, with_rates=True)
    history = fit_fluxes(model, objective, samples, config)
    parameters = torch.cat([parameter.detach().double().flatten() for parameter in model.parameters()])
    return history.to_dict("list") | {"parameters": parameters.tolist()}


if __name__ == "__main__":
    strategy, cases, out = sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3])
    results = [losses(*case, devices=2, strategy=strategy) for case in cases]
    if is_first_process():
        out.write_text(json.dumps(results), encoding="utf-8")
