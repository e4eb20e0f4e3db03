"""Fixtures: a network of six reactions, its labelled samples and a small model; it trains in a tenth of a second."""

import dataclasses
from collections.abc import Callable

import pytest
import torch

from metagnn.datasets import FluxBatch, uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNN, FluxGNNConfig, FluxPrediction
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.testing import toy_network


@pytest.fixture(scope="session")
def toy() -> MetabolicNetwork:
    return toy_network(
        {
            "EX_a": "a <=>",
            "EX_o": "o <=>",
            "ferment": "a -> 2 b",
            "respire": "a + o -> 3 b",
            "EX_b": "b ->",
            "growth": "3 b ->",
        },
        "growth",
        {"EX_a": (-10, 1000), "EX_o": (-10, 1000)},
        formulas={"a": "C6H12O6N2", "b": "C2H4O2N", "o": "O2"},
    )


@pytest.fixture(scope="session")
def samples(toy: MetabolicNetwork) -> FluxBatch:
    media = uniform_media({"EX_a": (1, 10), "EX_o": (0, 10)}, 20)
    lower, upper = toy.uptake_bounds(list(media.columns), media.to_numpy())
    fluxes = simulate_fluxes(toy, media).fluxes.to_numpy()
    return FluxBatch(Conditions(torch.from_numpy(lower), torch.from_numpy(upper)), torch.from_numpy(fluxes))


@pytest.fixture(scope="session")
def make_model(toy: MetabolicNetwork) -> Callable[..., FluxGNN]:
    """The same model every time."""

    def make(constraint: str = "steady_state", hidden_channels: int = 4) -> FluxGNN:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return FluxGNN(toy, ("EX_a", "EX_o"), constraint, FluxGNNConfig(hidden_channels, num_layers=2, steps=6))

    return make


@pytest.fixture
def wrong(samples: FluxBatch) -> FluxPrediction:
    """Fluxes that break every law a little."""
    noise = torch.randn(samples.observed.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return FluxPrediction(samples.observed + noise, 5)


def with_rates(samples: FluxBatch) -> FluxBatch:
    """The first flux measured, half a unit uncertain."""
    nothing = torch.full_like(samples.observed, torch.nan)
    measured, deviation = nothing.clone(), nothing.clone()
    measured[:, 0], deviation[:, 0] = samples.observed[:, 0], 0.5
    conditions = dataclasses.replace(samples.conditions, measured=measured, deviation=deviation)
    return dataclasses.replace(samples, conditions=conditions)
