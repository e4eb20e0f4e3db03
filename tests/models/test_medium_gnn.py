import copy
import pickle

import numpy as np
import pytest
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError, TableError
from metagnn.models.medium_bounds import PLENTIFUL_UPTAKE, USUAL_UPTAKE
from metagnn.models.medium_gnn import MediumGNN, MediumGNNConfig
from metagnn.models.medium_prediction import MediumPrediction, PosteriorTerm
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.nn.growth_optimum import GrowthOptimum
from metagnn.testing import toy_network

INPUTS = ["EX_glc__D_e", "EX_ac_e", "EX_o2_e"]
SMALL = MediumGNNConfig(hidden_channels=4, num_layers=1, members=3)
MEDIA = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


def bounds(network: MetabolicNetwork, presence: list[list[float]]) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(map(torch.from_numpy, network.uptake_bounds(INPUTS, torch.tensor(presence).double().numpy())))


def batch(core: MetabolicNetwork, growth: tuple[float, ...] = (0.3, 0.1, 0.2, 0.5)) -> FluxBatch:
    lower, upper = bounds(core, MEDIA)
    observed = torch.full_like(lower, torch.nan)
    observed[:, core.reaction_index(core.growth_reaction)] = torch.tensor(growth, dtype=torch.float64)
    return FluxBatch(Conditions(lower, upper), observed)


def test_untrained_it_is_fba_with_the_usual_uptakes(core: MetabolicNetwork) -> None:
    presence = [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    lower, upper = bounds(core, presence)
    prediction = MediumGNN(core, INPUTS)(Conditions(lower, upper))
    # The same carbon from every substrate.
    opened = (np.array(presence) * [USUAL_UPTAKE, 3 * USUAL_UPTAKE, PLENTIFUL_UPTAKE]).tolist()
    expected = GrowthOptimum(core)(*bounds(core, opened))
    # The budget takes its share, and so does repression.
    assert prediction.growth[0].item() == pytest.approx(expected[0].item(), rel=1e-3)
    assert prediction.growth[1].item() == pytest.approx(expected[1].item(), rel=0.3)
    # Of the other fluxes it says nothing.
    assert torch.isnan(prediction.fluxes).sum() == prediction.fluxes.numel() - len(presence)


def test_every_medium_keeps_its_row(core: MetabolicNetwork) -> None:
    # Solved in another order, answered in this one.
    model = MediumGNN(core, INPUTS, SMALL)
    together = model(Conditions(*bounds(core, MEDIA))).growth
    alone = [model(Conditions(*bounds(core, [row]))).growth.item() for row in MEDIA]
    assert together.tolist() == pytest.approx(alone, abs=1e-6)
    assert len(set(np.round(alone, 6))) >= 3


def test_an_exchange_that_imports_forward_opens_upwards() -> None:
    formulas = {"a": "C6H12O6", "b": "C6H12O6"}
    network = toy_network({"EX_a": "a <=>", "EX_b": "-> b", "growth": "a + b ->"}, "growth", formulas=formulas)
    presence = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    lower, upper = map(torch.from_numpy, network.uptake_bounds(["EX_a", "EX_b"], presence))
    growth = MediumGNN(network, ["EX_a", "EX_b"])(Conditions(lower, upper)).growth
    assert growth.tolist() == pytest.approx([USUAL_UPTAKE, 0.0, 0.0], rel=0.1)


def test_in_training_growth_is_that_of_the_cuts_where_they_were_gathered(core: MetabolicNetwork) -> None:
    torch.manual_seed(0)
    model, samples = MediumGNN(core, INPUTS, SMALL), batch(core)
    model.begin(samples)
    first = model.train()(samples.conditions)
    assert isinstance(first, MediumPrediction)
    assert first.members.shape == (4, 3)
    for _ in range(250):
        model(samples.conditions)
    # No weight moved: all members are where the cuts were gathered, and the softness is gone.
    hard = model(samples.conditions).members.detach().numpy()
    assert np.abs(hard - model.eval().member_growth(samples.conditions).T).max() < 1e-6


def test_growth_alone_moves_every_weight_but_those_of_the_encoder(core: MetabolicNetwork) -> None:
    model, samples = MediumGNN(core, INPUTS, SMALL), batch(core)
    model.begin(samples)
    term = PosteriorTerm(samples.scale(growth_index=model.growth_index))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01
    term(model.train()(samples.conditions), samples).backward()
    still = {name for name, p in model.named_parameters() if p.numel() and (p.grad is None or not p.grad.any())}
    assert still == {name for name in still if name.startswith("encoder.")}
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_it_starts_where_media_grow_as_measured(core: MetabolicNetwork) -> None:
    levels = []
    for growth in ((0.03, 0.01, 0.02, 0.05), (0.6, 0.3, 0.4, 0.9)):
        model = MediumGNN(core, INPUTS, SMALL)
        model.begin(batch(core, growth))
        levels.append(model.bounds.level.mean().item())
    assert levels[0] < levels[1]


def test_a_weight_decides_what_limits(core: MetabolicNetwork) -> None:
    model = MediumGNN(core, INPUTS)
    lower, upper = bounds(core, [[1.0, 0.0, 1.0]])
    small = model(Conditions(lower, upper)).growth
    with torch.no_grad():
        model.bounds.level += 1.0
    assert model(Conditions(lower, upper)).growth > small


def test_what_was_never_seen_is_drawn_by_every_member_and_does_not_move_their_mean(core: MetabolicNetwork) -> None:
    model, samples = MediumGNN(core, INPUTS, SMALL), batch(core)
    model.begin(samples.rows([0, 2]))
    uptakes = model.member_uptakes(samples.conditions)
    ac = INPUTS.index("EX_ac_e")
    assert model.seen.tolist() == [1.0, 0.0, 1.0]
    assert uptakes[:, 1, ac].log().std() > 0.05
    assert uptakes[:, 0, 0].log().std() < 1e-6
    # Up to the budget, which the members spend differently.
    mean = model.uptakes(samples.conditions)[1, ac].log().item()
    assert uptakes[:, 1, ac].log().mean().item() == pytest.approx(mean, abs=1e-3)


def test_exchanges_have_no_order(core: MetabolicNetwork) -> None:
    torch.manual_seed(0)
    model = MediumGNN(core, INPUTS, SMALL)
    with torch.no_grad():
        for parameter in model.bounds.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    order = [2, 0, 1]
    other = MediumGNN(core, [INPUTS[place] for place in order], SMALL)
    other.load_state_dict(model.state_dict())
    conditions = batch(core).conditions
    assert torch.allclose(other.uptakes(conditions), model.uptakes(conditions)[:, order], rtol=1e-4)
    assert torch.allclose(other._share(conditions), model._share(conditions), rtol=1e-3)


def test_weights_serve_another_network(core: MetabolicNetwork) -> None:
    toy = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth", formulas={"a": "C6H12O6"})
    model = MediumGNN(core, INPUTS)
    with torch.no_grad():
        # A term of glucose's own does not go with another substrate.
        model.bounds.uptake.own += 1.0
    other = MediumGNN(toy, ["EX_a"])
    other.load_state_dict(model.state_dict())
    lower = torch.tensor([[-1.0, 0.0]], dtype=torch.float64)
    grown = other(Conditions(lower, torch.full_like(lower, 100.0))).growth.item()
    assert grown == pytest.approx(USUAL_UPTAKE, rel=1e-3)
    # It was in no medium that the weights saw.
    assert other.seen.tolist() == [0.0]


def test_a_copy_is_the_same(core: MetabolicNetwork) -> None:
    model, conditions = MediumGNN(core, INPUTS, SMALL).eval(), batch(core).conditions
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(copied.member_growth(conditions), model.member_growth(conditions))


def test_bad_input_is_named(core: MetabolicNetwork) -> None:
    for name in ("num_layers", "members"):
        with pytest.raises(InputError, match=f"`{name}` is 0; expected at least 1"):
            MediumGNNConfig(**{name: 0})
    with pytest.raises(TableError, match="'PGI'"):
        MediumGNN(core, ["PGI"])
