import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.losses import BalanceLoss
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.network.elements import balance_weights
from metagnn.nn import SteadyStateProjection
from metagnn.testing import assert_permutation_equivariant, random_network


@pytest.fixture(scope="module")
def fba_fluxes(core: MetabolicNetwork) -> torch.Tensor:
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_gln__L_e": (0, 5), "EX_o2_e": (2, 20)}, 10)
    return torch.from_numpy(simulate_fluxes(core, media, "fba").fluxes.to_numpy())


@pytest.mark.parametrize("balance", ["S", "C", "N", "O", "H", "P", "charge", "electrons"])
def test_simulated_fluxes_balance_in_everything(core: MetabolicNetwork, fba_fluxes, balance):
    incidence = core.stoichiometry if balance == "S" else core.element_balance(balance)
    loss = BalanceLoss(incidence)
    assert fba_fluxes.abs().max() > 5
    assert loss(fba_fluxes) < 1e-16
    # Were the loss zero by itself, this would not be large.
    assert loss(fba_fluxes + 0.1 * torch.sign(fba_fluxes)) > 1e-3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_balanced_fluxes_of_random_networks_lose_nothing_and_others_something(seed):
    S = random_network(seed).stoichiometry
    fluxes = torch.randn(5, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(seed % 1000))
    loss = BalanceLoss(S)
    assert loss(SteadyStateProjection(S)(fluxes)) < 1e-20
    assert loss(fluxes) > 1e-3


def test_it_is_the_mean_over_samples_and_rows():
    operator = Incidence.from_dense([[1.0, -1.0], [0.0, 2.0]], ["a", "b"], ["x", "y"])
    # Imbalances (2, 0) and (−1, 2): (4 + 0 + 1 + 4) / 4.
    assert BalanceLoss(operator)(torch.tensor([[2.0, 0.0], [0.0, 1.0]])).item() == 2.25
    assert BalanceLoss(operator)(torch.tensor([[[2.0, 0.0]], [[0.0, 1.0]]])).item() == 2.25


def test_a_correction_is_added_to_the_balances_before_they_are_squared():
    operator = Incidence.from_dense([[1.0, -1.0], [0.0, 2.0]], ["a", "b"], ["x", "y"])
    loss, fluxes = BalanceLoss(operator), torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    # Imbalances (2, 0) and (−1, 2), less (2, 1) and (−1, 0): (0 + 1 + 0 + 4) / 4.
    assert loss(fluxes, torch.tensor([[-2.0, -1.0], [1.0, 0.0]])).item() == 1.25
    assert loss(fluxes, -operator(fluxes)).item() == 0.0
    assert torch.equal(loss(fluxes, torch.zeros(2, 2)), loss(fluxes))


@pytest.mark.parametrize("balance", ["S", "C", "N"])
def test_a_correction_for_the_biomass_is_the_loss_with_that_biomass(core: MetabolicNetwork, fba_fluxes, balance):
    growth = core.reaction_index(core.growth_reaction)
    own = core.stoichiometry.to_dense()[:, growth]
    changed = core.with_biomass((1.25 * own).numpy())
    weights = torch.eye(72).double() if balance == "S" else balance_weights(core.metabolite_table, balance)[None]
    correction = fba_fluxes[:, [growth]] * (torch.as_tensor(weights) @ (0.25 * own))
    here, there = (net.stoichiometry if balance == "S" else net.element_balance(balance) for net in (core, changed))
    noisy = fba_fluxes + 0.1 * torch.sign(fba_fluxes) * (torch.arange(95) != growth)
    for fluxes in (fba_fluxes, noisy):
        assert BalanceLoss(there)(fluxes) > 1e-3
        assert BalanceLoss(here)(fluxes, correction).item() == pytest.approx(BalanceLoss(there)(fluxes).item())


def test_gradients_reach_the_correction():
    loss = BalanceLoss(random_network(2, 4, 8).stoichiometry)
    generator = torch.Generator().manual_seed(0)
    fluxes, correction = (torch.randn(3, n, dtype=torch.float64, generator=generator) for n in (8, 4))
    assert torch.autograd.gradcheck(loss, (fluxes.requires_grad_(), correction.requires_grad_()))


def test_gradients_are_exact_and_float32_stays_float32(core: MetabolicNetwork):
    loss = BalanceLoss(random_network(2, 4, 8).stoichiometry)
    fluxes = torch.randn(3, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(loss, (fluxes,))
    assert BalanceLoss(core.stoichiometry)(torch.ones(2, 95)).dtype == torch.float32


def test_the_order_of_the_nodes_does_not_matter(core: MetabolicNetwork):
    fluxes = torch.randn(2, 95, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert_permutation_equivariant(
        lambda network, v: v * BalanceLoss(network.stoichiometry)(v), core, fluxes, tolerance=1e-12
    )


def test_moving_the_loss_leaves_the_network_where_it_is(core: MetabolicNetwork):
    loss = BalanceLoss(core.stoichiometry).to("meta")
    assert loss.incidence.value.device.type == "meta"
    assert core.stoichiometry.value.device.type == "cpu"
    assert not list(loss.parameters())
