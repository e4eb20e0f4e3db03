import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.network import MetabolicNetwork
from metagnn.network.compression import compress
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.nn.steady_state import SteadyStateProjection
from metagnn.testing import random_network


def tensor(values: object) -> Tensor:
    return torch.tensor(np.array(values), dtype=torch.float64)


def groups_of(network: MetabolicNetwork) -> ReactionGroups:
    compression = compress(network.stoichiometry)
    return ReactionGroups.from_coupled(compression.coupled, compression.basis)


def draw(groups: ReactionGroups, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Fluxes of two groups, and targets and weights of the reactions."""
    rng, width = np.random.default_rng(seed), len(groups.group)
    x = rng.normal(size=(2, 3, groups.groups))
    return tensor(x), tensor(rng.normal(size=(3, width))), tensor(np.exp(rng.normal(size=(3, width))))


def check_distance(network: MetabolicNetwork, seed: int) -> None:
    groups = groups_of(network)
    x, target, weight = draw(groups, seed)
    of_reactions = (weight * (groups.expand(x) - target).square()).sum(-1)
    of_groups = (groups.weights(weight) * (x - groups.means(target, weight)).square()).sum(-1)
    apart = of_reactions - of_groups
    assert torch.allclose(apart[0], apart[1], rtol=0, atol=1e-10 * float(of_reactions.max()))


def test_a_distance_of_fluxes_is_one_of_groups_apart_from_a_constant_on_core(core: MetabolicNetwork):
    check_distance(core, 0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_distance_of_fluxes_is_one_of_groups_on_random_networks(seed: int):
    check_distance(random_network(seed), seed)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_groups_are_within_their_bounds_exactly_where_their_reactions_are(seed: int):
    network, rng = random_network(seed), np.random.default_rng(seed)
    groups = groups_of(network)
    lower = tensor(-rng.choice([0.0, 0.5, 2.0, np.inf], (5, 2, len(groups.group))))
    upper = tensor(rng.choice([0.0, 0.5, 2.0, np.inf], lower.shape))
    low, high = groups.bounds(lower, upper)
    assert low.shape == high.shape == (5, 2, groups.groups)
    for x in (tensor(rng.uniform(-1, 1, low.shape)), low, high, 0.5 * (low + high), high + 0.1):
        v = groups.expand(torch.where(torch.isfinite(x), x, 0.0))
        fits = (v >= lower - 1e-9) & (v <= upper + 1e-9)
        here = torch.where(torch.isfinite(x), x, 0.0)
        inside = (here >= low - 1e-12) & (here <= high + 1e-12)
        for group in range(groups.groups):
            assert torch.equal(fits[..., groups.group == group].all(-1), inside[..., group])


def check_round_trip(network: MetabolicNetwork, seed: int) -> None:
    groups = groups_of(network)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(4, 2, len(network.reactions), dtype=torch.float64, generator=generator)
    steady = SteadyStateProjection(network.stoichiometry)(noise)
    assert torch.allclose(groups.expand(groups.collect(steady)), steady, rtol=0, atol=1e-8)
    x = noise[..., : groups.groups]
    assert torch.allclose(groups.collect(groups.expand(x)), x, rtol=1e-12, atol=0)
    assert groups.basis is not None
    along = groups.expand(x[..., : groups.basis.shape[1]] @ groups.basis.T)
    assert network.stoichiometry(along).abs().max() < 1e-8


def test_steady_states_of_core_are_collected_and_expanded_without_loss(core: MetabolicNetwork):
    check_round_trip(core, 0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_steady_states_of_random_networks_are_collected_and_expanded_without_loss(seed: int):
    check_round_trip(random_network(seed), seed)


def test_means_and_averages_by_hand():
    groups = ReactionGroups(np.array([0, 1, -1, 0]), np.array([1.0, 1.0, 0.0, -2.0]))
    weight, values = tensor([1.0, 3.0, 5.0, 0.5]), tensor([6.0, 7.0, 8.0, 9.0])
    # Weights 1 · 1² and 0.5 · 2² of the first group; its members say 6 and −4.5 of it.
    assert groups.weights(weight).tolist() == [3.0, 3.0]
    assert groups.means(values, weight).tolist() == pytest.approx([(6.0 - 2 * 4.5) / 3, 7.0])
    assert groups.averages(values, weight).tolist() == pytest.approx([(6.0 + 2 * 9.0) / 3, 7.0])
    assert groups.expand(tensor([2.0, 5.0])).tolist() == [2.0, 5.0, 0.0, -4.0]
    low, high = groups.bounds(tensor([-1.0, -9.0, 0.0, -8.0]), tensor([5.0, 9.0, 0.0, 1.0]))
    assert (low.tolist(), high.tolist()) == ([-0.5, -9.0], [4.0, 9.0])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_all_members_agree_on_is_their_mean_and_average(seed: int):
    groups = groups_of(random_network(seed))
    x, _, weight = draw(groups, seed)
    assert torch.allclose(groups.means(groups.expand(x), weight), x, rtol=0, atol=1e-10)
    same = torch.full_like(weight, 2.5)
    assert torch.allclose(groups.averages(same, weight), torch.full_like(x[0], 2.5), rtol=1e-12)


def test_every_reaction_its_own_group_changes_nothing():
    groups = ReactionGroups(np.arange(6), np.ones(6))
    weight, values = torch.rand(2, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.1
    assert torch.equal(groups.weights(weight), weight)
    assert torch.allclose(groups.means(values, weight), values, rtol=1e-15)
    assert torch.allclose(groups.averages(values, weight), values, rtol=1e-15)
    assert torch.equal(groups.expand(values), values)
    assert torch.equal(groups.collect(values), values)
    low, high = groups.bounds(-values, values)
    assert torch.equal(low, -values)
    assert torch.equal(high, values)


def test_a_sample_with_an_unknown_group_is_unknown_and_no_other():
    groups = ReactionGroups(np.array([0, -1, 1]), np.array([1.0, 0.0, 1.0]))
    expanded = groups.expand(tensor([[1.0, np.nan], [3.0, 4.0]]))
    assert torch.isnan(expanded[0]).all()
    assert expanded[1].tolist() == [3.0, 0.0, 4.0]


def test_without_a_group_everything_is_zero():
    groups = ReactionGroups(np.array([-1, -1]), np.zeros(2))
    ones = torch.ones(3, 2, dtype=torch.float64)
    assert groups.collect(ones).shape == groups.weights(ones).shape == groups.bounds(-ones, ones)[0].shape == (3, 0)
    assert torch.equal(groups.expand(ones[:, :0]), 0 * ones)


def test_casting_keeps_the_digits_and_the_dtype_of_the_values():
    groups = ReactionGroups(np.array([0, 0]), np.array([1.0, 1 / 3])).to(torch.float32)
    assert groups.ratio.dtype == torch.float64
    assert groups.expand(torch.ones(1)).dtype == torch.float32
    assert groups.expand(tensor([3.0])).tolist() == [3.0, 1.0]
    assert not groups.state_dict()
