import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.losses import BalanceLoss
from metagnn.network import Incidence, MetabolicNetwork
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
