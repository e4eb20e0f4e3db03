import torch

from metagnn.models.medium_bounds import USUAL_UPTAKE, MediumBounds


def states(exchanges: int = 5, channels: int = 4) -> torch.Tensor:
    return torch.randn(exchanges, channels, generator=torch.Generator().manual_seed(0))


def trained(channels: int = 4) -> MediumBounds:
    """Weights other than zero, without training."""
    module, generator = MediumBounds(channels), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module


def test_every_uptake_is_the_usual_one_before_training() -> None:
    presence = torch.tensor([[1.0, 0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    assert torch.allclose(MediumBounds(4)(states(), presence), USUAL_UPTAKE * presence)


def test_what_is_absent_has_no_uptake_and_what_is_present_has_one() -> None:
    presence = (torch.rand(20, 5, generator=torch.Generator().manual_seed(2)) < 0.5).float()
    uptakes = trained()(states(), presence)
    assert ((uptakes > 0) == (presence > 0)).all()


def test_no_parameter_belongs_to_a_substrate() -> None:
    """Exchanges in another order have their uptakes in that order; alike nodes have alike uptakes."""
    module, nodes = trained(), states()
    presence = torch.tensor([[1.0, 1.0, 0.0, 1.0, 0.0]])
    order = torch.tensor([3, 0, 4, 1, 2])
    assert torch.allclose(module(nodes[order], presence[:, order]), module(nodes, presence)[:, order])
    nodes[3] = nodes[0]
    uptakes = module(nodes, presence)
    assert torch.allclose(uptakes[0, 3], uptakes[0, 0])
    more = torch.cat([nodes, states(3)])
    padded = torch.cat([presence, torch.zeros(1, 3)], dim=1)
    assert torch.allclose(module(more, padded)[:, :5], uptakes)


def test_an_uptake_depends_on_what_else_there_is() -> None:
    module, nodes = trained(), states()
    alone, together = module(nodes, torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0]]))[:, 0]
    assert not torch.isclose(alone, together)
