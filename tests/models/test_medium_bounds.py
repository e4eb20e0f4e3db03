import math

import torch

from metagnn.models.medium_bounds import PLENTIFUL_UPTAKE, USUAL_UPTAKE, MediumBounds

CARBON = torch.tensor([6.0, 2.0, 0.0, 3.0, 6.0])


def states(exchanges: int = 5, channels: int = 4) -> torch.Tensor:
    return torch.randn(exchanges, channels, generator=torch.Generator().manual_seed(0))


def trained(carbon: torch.Tensor = CARBON, saturates: bool = False) -> MediumBounds:
    """Weights other than zero, without training, and no own terms."""
    module, generator = MediumBounds(2, 4, carbon, saturates), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not name.endswith("own"):
                parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    return module


def test_every_substrate_brings_the_same_carbon_before_training() -> None:
    presence = torch.eye(5)
    uptakes = MediumBounds(2, 4, CARBON)(states(), presence).exp()
    expected = torch.tensor([6.0, 6.0, 0.0, 6.0, 6.0]) * USUAL_UPTAKE
    assert torch.allclose((uptakes * CARBON)[0].diagonal(), expected, rtol=1e-3)
    assert torch.allclose(uptakes[:, 2, 2], torch.full((2,), PLENTIFUL_UPTAKE))
    assert not MediumBounds(2, 4, CARBON)(states(), torch.zeros(1, 5)).exp().any()


def test_what_is_absent_has_no_uptake_and_what_is_present_has_one() -> None:
    presence = (torch.rand(20, 5, generator=torch.Generator().manual_seed(2)) < 0.5).float()
    for saturates in (False, True):
        uptakes = trained(saturates=saturates)(states(), presence).exp()
        assert ((uptakes > 0) == (presence > 0)).all()


def test_but_for_own_terms_alike_nodes_have_alike_uptakes_in_any_order() -> None:
    module, nodes = trained(), states()
    presence = torch.tensor([[1.0, 1.0, 0.0, 1.0, 0.0]])
    order = torch.tensor([3, 0, 4, 1, 2])
    other = trained(CARBON[order])
    expected = module(nodes, presence)[..., order]
    assert torch.allclose(other(nodes[order], presence[:, order]).exp(), expected.exp())
    nodes[4] = nodes[0]
    uptakes = module(nodes, torch.tensor([[1.0, 1.0, 1.0, 1.0, 1.0]]))
    assert torch.allclose(uptakes[..., 4], uptakes[..., 0])


def test_what_a_medium_holds_beside_lowers_uptakes_and_never_lifts_them() -> None:
    module, nodes = trained(), states()
    alone, all_together = torch.eye(5), torch.ones(1, 5)
    single = module(nodes, alone).diagonal(dim1=1, dim2=2)
    together = module(nodes, all_together)[:, 0]
    organic = CARBON > 0
    assert (together < single)[:, organic].all()
    # Oxygen takes no part.
    assert torch.allclose(together[:, ~organic], single[:, ~organic])
    kappa = module.kappa(nodes)
    assert (kappa >= 0).all()
    assert not kappa.diagonal(dim1=1, dim2=2).any()


def test_the_budget_limits_carbon_and_nothing_else() -> None:
    module = MediumBounds(1, 4, CARBON)
    with torch.no_grad():
        module.budget.fill_(math.log(1e-2))
    uptakes = module(states(), torch.ones(1, 5)).exp()[0, 0]
    assert (uptakes * CARBON).sum().item() < 3.0 * 1.001
    assert uptakes[2].item() == PLENTIFUL_UPTAKE


def test_uptakes_saturate_in_the_concentration() -> None:
    module, nodes = trained(saturates=True), states()
    rising = torch.tensor([0.0, 0.01, 0.1, 1.0, 100.0, 1e6])
    amounts = torch.zeros(6, 5)
    amounts[:, 1] = rising
    amounts.requires_grad_(True)
    uptakes = module(nodes, amounts).exp()
    assert (uptakes[:, :, 1].diff(dim=1) > 0).all()
    assert torch.allclose(uptakes[:, 4, 1], uptakes[:, 5, 1], rtol=0.1)
    uptakes.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters() if p.grad is not None)


def test_every_parameter_has_a_prior() -> None:
    module = trained(saturates=True)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1
    module.penalty().sum().backward()
    assert all(p.grad is not None and (p.grad != 0).all() for p in module.parameters() if p.numel())
