import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba.simulate import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.nn.growth_optimum import GrowthOptimum
from metagnn.testing import toy_network


def bounds(network: MetabolicNetwork, media: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    lower, upper = network.uptake_bounds(list(media.columns), media.to_numpy())
    return torch.from_numpy(lower).requires_grad_(), torch.from_numpy(upper).requires_grad_()


def test_growth_is_that_of_the_simulation(core: MetabolicNetwork) -> None:
    media = uniform_media(E_COLI_CORE_RANGES, 30, seed=1)
    growth = GrowthOptimum(core)(*bounds(core, media)).detach().numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = simulate_fluxes(core, media, "fba").growth.fillna(0.0)
    assert np.allclose(growth, expected, atol=1e-8)


def test_the_gradient_is_the_slope(core: MetabolicNetwork) -> None:
    layer, step = GrowthOptimum(core), 1e-5
    media = uniform_media({name: (2.0, high) for name, (_, high) in E_COLI_CORE_RANGES.items()}, 6, seed=2)
    lower, upper = bounds(core, media)
    before = layer(lower, upper)
    before.sum().backward()
    for name in media.columns:
        index = core.reaction_index(name)
        moved = lower.detach().clone()
        moved[:, index] -= step
        slope = (layer(moved, upper.detach()) - before.detach()) / step
        assert torch.allclose(-lower.grad[:, index], slope, atol=1e-5)
    # No more than what is limited has a price.
    assert (lower.grad <= 0).all()
    assert (upper.grad >= 0).all()


@settings(max_examples=30, deadline=None)
@given(a=st.floats(0.1, 9.0), b=st.floats(0.1, 9.0), capacity=st.floats(0.1, 9.0))
def test_one_limit_holds_growth_and_it_alone_has_a_price(a: float, b: float, capacity: float) -> None:
    network = toy_network({"EX_a": "a <=>", "EX_b": "b <=>", "r": "a -> c", "growth": "b + c ->"}, "growth")
    lower = torch.tensor([-a, -b, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
    upper = torch.tensor([0.0, 0.0, capacity, 100.0], dtype=torch.float64, requires_grad=True)
    growth = GrowthOptimum(network)(lower, upper)
    growth.backward()
    assert growth.item() == pytest.approx(min(a, b, capacity))
    prices = [-lower.grad[0].item(), -lower.grad[1].item(), upper.grad[2].item()]
    assert sum(prices) == pytest.approx(1.0)
    limits = [a, b, capacity]
    for limit, price in zip(limits, prices, strict=True):
        if limit > min(limits):
            assert price == pytest.approx(0.0)


def test_what_cannot_live_does_not_grow(core: MetabolicNetwork) -> None:
    lower, upper = bounds(core, pd.DataFrame({name: [0.0] for name in E_COLI_CORE_RANGES}))
    growth = GrowthOptimum(core)(lower, upper)
    growth.sum().backward()
    assert growth.item() == 0.0
    assert torch.count_nonzero(lower.grad) == torch.count_nonzero(upper.grad) == 0


def test_leading_dimensions_and_copies(core: MetabolicNetwork) -> None:
    media = uniform_media(E_COLI_CORE_RANGES, 4, seed=3)
    lower, upper = (bound.detach() for bound in bounds(core, media))
    layer = GrowthOptimum(core)
    growth = layer(lower, upper)
    stacked = layer(lower.reshape(2, 2, -1), upper.reshape(2, 2, -1))
    assert torch.allclose(stacked.flatten(), growth, atol=1e-9)
    # A solver in memory can be neither copied nor pickled; the layer can.
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.allclose(other(lower, upper), growth, atol=1e-9)


def test_a_dead_end_that_must_run_stops_growth() -> None:
    network = toy_network({"EX_a": "a <=>", "dead": "a -> d", "growth": "a ->"}, "growth")
    layer = GrowthOptimum(network)
    lower = torch.tensor([[-2.0, 0.0, 0.0], [-2.0, 1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    growth = layer(lower, torch.full((2, 3), 9.0, dtype=torch.float64))
    growth.sum().backward()
    assert growth.tolist() == [2.0, 0.0]
    assert lower.grad.tolist() == [[-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
