import copy
import pickle

import numpy as np
import pytest
import torch
from torch import Tensor

from metagnn.models import FluxGNN, FluxGNNConfig, flux_gnn
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions

INPUTS = ("EX_glc__D_e", "EX_o2_e")


def model(network: MetabolicNetwork, composition: str = "fixed") -> FluxGNN:
    torch.manual_seed(0)
    made = FluxGNN(network, INPUTS, "steady_state", FluxGNNConfig(8, 2, 12), composition)
    torch.nn.init.normal_(made.head.weight, std=0.2, generator=torch.Generator().manual_seed(1))
    return made.eval()


@pytest.fixture(scope="module")
def conditions(core: MetabolicNetwork) -> Conditions:
    uptakes = np.array([[20.0, 40.0], [10.0, 5.0], [3.0, 30.0]])
    return Conditions(*(torch.from_numpy(bound) for bound in core.uptake_bounds(list(INPUTS), uptakes)))


def make_uneven(made: FluxGNN) -> None:
    """Scales of twelve decades: a metric of 24."""
    random = torch.Generator().manual_seed(2)
    made.flux_scale.copy_(10.0 ** (12 * torch.rand(len(made.flux_scale), generator=random) - 6))


def largest_part(made: FluxGNN, conditions: Conditions) -> Tensor:
    """max|S·v| of every sample in units of what is promised, S with the biomass column in use."""
    S = made.stoichiometry.with_column(made.growth_index, made.composition.column().detach())
    with torch.no_grad():
        fluxes = made(conditions).fluxes
    assert fluxes.abs().max() > 1
    return S(fluxes).abs().amax(-1) / (1e-9 * fluxes.abs().amax(-1).clamp(min=1.0))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("uneven", [False, True])
def test_predictions_balance_in_any_learned_metric(core, conditions, monkeypatch, sparse: bool, uneven: bool):
    if sparse:
        monkeypatch.setattr(flux_gnn, "MOST_DENSE_GROUPS", 0)
    made = model(core)
    assert (made.balances is not None) == sparse
    if uneven:
        make_uneven(made)
    assert bool((largest_part(made, conditions) <= 1).all())


@pytest.mark.parametrize("composition", ["elemental", "precursor"])
def test_they_balance_with_the_column_that_is_trained(core, conditions, composition: str):
    made = model(core, composition)
    make_uneven(made)
    assert bool((largest_part(made, conditions) <= 1).all())
    before = made.composition.column().detach().clone()
    with torch.no_grad():
        made.composition.raw.add_(0.1)
    assert (made.composition.column().detach() - before).abs().max() > 1e-3
    assert bool((largest_part(made, conditions) <= 1).all())


def test_blocked_reactions_stay_at_zero_and_copies_answer_the_same(core, conditions):
    made = model(core)
    make_uneven(made)
    with torch.no_grad():
        fluxes = made(conditions).fluxes
        blocked = torch.ones(95, dtype=torch.bool)
        blocked[made.groups.moving] = False
        assert bool(blocked.any())
        assert torch.equal(fluxes[:, blocked], torch.zeros_like(fluxes[:, blocked]))
        for duplicate in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert torch.equal(duplicate(conditions).fluxes, fluxes)
