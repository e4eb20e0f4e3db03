import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.graph.features import node_features
from metagnn.models import GraphEncoder
from metagnn.network import MetabolicNetwork
from metagnn.testing import assert_permutation_equivariant, random_network


def encoder(metabolites: int = 14, reactions: int = 10, width: int = 6, layers: int = 3) -> GraphEncoder:
    torch.manual_seed(0)
    return GraphEncoder(metabolites, reactions, width, layers).double()


def encode(model: GraphEncoder, network: MetabolicNetwork) -> Tensor:
    features, S = node_features(network), network.stoichiometry
    return model(features.metabolite.double(), features.reaction.double(), S.edge_index, S.value)


def test_every_reaction_of_every_network_gets_a_state_from_the_same_weights(core: MetabolicNetwork):
    model = encoder()
    assert encode(model, core).shape == (95, 6)
    assert encode(model, random_network(0)).shape == (16, 6)
    assert encode(model, core).std(dim=0).min() > 1e-2


def test_relabelling_permutes_the_states_of_core(core: MetabolicNetwork):
    model = encoder()
    assert_permutation_equivariant(
        lambda network, _: encode(model, network).T.detach(),
        core,
        torch.zeros(95, dtype=torch.float64),
        tolerance=1e-10,
    )


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_relabelling_permutes_the_states_of_random_networks(seed):
    model, zeros = encoder(), torch.zeros(16, dtype=torch.float64)
    assert_permutation_equivariant(
        lambda network, _: encode(model, network).T.detach(), random_network(seed), zeros, seed, tolerance=1e-9
    )


def test_a_state_knows_its_neighbourhood_as_far_as_there_are_rounds(core: MetabolicNetwork):
    S, glucose = core.stoichiometry, core.reaction_index("EX_glc__D_e")
    features = node_features(core)
    reached = []
    for layers in (1, 2, 4):
        model = encoder(layers=layers)
        inputs = features.reaction.double().requires_grad_()
        state = model(features.metabolite.double(), inputs, S.edge_index, S.value)
        (slope,) = torch.autograd.grad(state[glucose].square().sum(), inputs)
        reached.append(int((slope.abs().sum(dim=1) > 0).sum()))
    # One round looks at metabolites only; each further one at the reactions a metabolite away.
    assert reached[0] == 1
    assert reached[0] < reached[1] < reached[2]


def test_gradients_reach_every_parameter(core: MetabolicNetwork):
    model = encoder()
    encode(model, core).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())
