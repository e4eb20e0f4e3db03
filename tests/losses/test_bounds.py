import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.losses import bound_violation
from metagnn.network import MetabolicNetwork


@pytest.mark.parametrize("method", ["fba", "min_norm"])
def test_simulated_fluxes_violate_nothing_and_sit_at_bounds(core: MetabolicNetwork, method):
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (2, 20)}, 10)
    fluxes = torch.from_numpy(simulate_fluxes(core, media, method).fluxes.to_numpy())
    lower, upper = map(torch.from_numpy, core.uptake_bounds(list(media.columns), media.to_numpy()))
    assert bound_violation(fluxes, lower, upper).max() < 1e-8
    glucose = core.reaction_index("EX_glc__D_e")
    pushed = fluxes.clone()
    pushed[:, glucose] -= 0.5
    violation = bound_violation(pushed, lower, upper)
    assert violation[:, glucose].max().item() == pytest.approx(0.5, abs=1e-8)
    others = torch.arange(95) != glucose
    assert violation[:, others].max() < 1e-8


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_it_is_the_distance_to_the_clipped_flux(seed):
    random = torch.Generator().manual_seed(seed)
    fluxes, one, other = (3 * torch.randn(4, 9, dtype=torch.float64, generator=random) for _ in range(3))
    lower, upper = torch.minimum(one, other), torch.maximum(one, other)
    violation = bound_violation(fluxes, lower, upper)
    assert torch.allclose(violation, (fluxes - fluxes.clamp(lower, upper)).abs(), atol=1e-12)
    assert 0 < int((violation > 0).sum()) < violation.numel()
    assert not bound_violation(fluxes.clamp(lower, upper), lower, upper).any()


def test_infinite_bounds_are_never_left_and_gradients_stay_finite():
    fluxes = torch.tensor([1e6, -1e6, 0.5], requires_grad=True)
    endless = torch.full((3,), torch.inf)
    violation = bound_violation(fluxes, -endless, endless)
    assert violation.tolist() == [0.0, 0.0, 0.0]
    violation.square().sum().backward()
    assert fluxes.grad is not None
    assert fluxes.grad.tolist() == [0.0, 0.0, 0.0]


def test_gradients_point_out_of_the_bounds():
    fluxes = torch.tensor([-2.0, 0.5, 4.0], requires_grad=True)
    bound_violation(fluxes, torch.zeros(3), torch.ones(3)).sum().backward()
    assert fluxes.grad is not None
    assert fluxes.grad.tolist() == [-1.0, 0.0, 1.0]
