import numpy as np
import pytest
import torch

from metagnn.errors import InputError, TableError
from metagnn.models.medium_bounds import USUAL_UPTAKE
from metagnn.models.medium_gnn import MediumGNN, MediumGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.nn.growth_optimum import GrowthOptimum
from metagnn.testing import toy_network

INPUTS = ["EX_glc__D_e", "EX_ac_e", "EX_o2_e"]


def bounds(network: MetabolicNetwork, presence: list[list[float]]) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(map(torch.from_numpy, network.uptake_bounds(INPUTS, torch.tensor(presence).double().numpy())))


def test_untrained_it_is_fba_with_the_usual_uptakes(core: MetabolicNetwork) -> None:
    presence = [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    lower, upper = bounds(core, presence)
    prediction = MediumGNN(core, INPUTS)(Conditions(lower, upper))
    opened = [[USUAL_UPTAKE * value for value in row] for row in presence]
    expected = GrowthOptimum(core)(*bounds(core, opened))
    assert torch.allclose(prediction.growth, expected, atol=1e-5)
    # Of the other fluxes it says nothing.
    assert torch.isnan(prediction.fluxes).sum() == prediction.fluxes.numel() - len(presence)


def test_every_medium_keeps_its_row(core: MetabolicNetwork) -> None:
    # Solved in another order, answered in this one.
    presence = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    model = MediumGNN(core, INPUTS)
    together = model(Conditions(*bounds(core, presence))).growth
    alone = [model(Conditions(*bounds(core, [row]))).growth.item() for row in presence]
    assert together.tolist() == pytest.approx(alone, abs=1e-9)
    assert len(set(np.round(alone, 6))) == 3


def test_an_exchange_that_imports_forward_opens_upwards() -> None:
    formulas = {"a": "C6H12O6", "b": "C6H12O6"}
    network = toy_network({"EX_a": "a <=>", "EX_b": "-> b", "growth": "a + b ->"}, "growth", formulas=formulas)
    presence = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    lower, upper = map(torch.from_numpy, network.uptake_bounds(["EX_a", "EX_b"], presence))
    growth = MediumGNN(network, ["EX_a", "EX_b"])(Conditions(lower, upper)).growth
    assert growth.tolist() == pytest.approx([USUAL_UPTAKE, 0.0, 0.0], rel=1e-5)


def test_growth_alone_moves_every_weight(core: MetabolicNetwork) -> None:
    torch.manual_seed(0)
    model = MediumGNN(core, INPUTS, MediumGNNConfig(hidden_channels=8, num_layers=2))
    lower, upper = bounds(core, [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        # The head starts at zero: the first step moves it alone, the second what lies before it.
        optimiser.zero_grad()
        model(Conditions(lower, upper)).growth.sum().backward()
        optimiser.step()
    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert still == []


def test_a_weight_decides_what_limits(core: MetabolicNetwork) -> None:
    model = MediumGNN(core, INPUTS)
    lower, upper = bounds(core, [[1.0, 0.0, 1.0]])
    small = model(Conditions(lower, upper)).growth
    with torch.no_grad():
        model.bounds.log_uptake += 1.0
    assert model(Conditions(lower, upper)).growth > small


def test_weights_serve_another_network(core: MetabolicNetwork) -> None:
    toy = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth", formulas={"a": "C6H12O6"})
    model = MediumGNN(core, INPUTS)
    other = MediumGNN(toy, ["EX_a"])
    other.load_state_dict(model.state_dict())
    lower = torch.tensor([[-1.0, 0.0]], dtype=torch.float64)
    assert other(Conditions(lower, torch.full_like(lower, 100.0))).growth.item() == pytest.approx(
        USUAL_UPTAKE, rel=1e-5
    )


def test_bad_input_is_named(core: MetabolicNetwork) -> None:
    with pytest.raises(InputError, match="`num_layers` is 0; expected at least 1"):
        MediumGNNConfig(num_layers=0)
    with pytest.raises(TableError, match="'PGI'"):
        MediumGNN(core, ["PGI"])
