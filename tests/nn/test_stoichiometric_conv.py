import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.nn import HeteroConv, Sequential

from metagnn.errors import InputError
from metagnn.graph import to_hetero_data
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.nn.stoichiometric_conv import StoichiometricConv
from metagnn.testing import random_network


def conv(in_channels=(3, 4), out_channels=5, **settings) -> StoichiometricConv:
    torch.manual_seed(0)
    return StoichiometricConv(in_channels, out_channels, **settings).double()


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def only_signed(channels: int) -> StoichiometricConv:
    layer = StoichiometricConv(channels, channels, normalize=False, bias=False).double()
    with torch.no_grad():
        layer.lin_signed.weight.copy_(torch.eye(channels))
        layer.lin_self.weight.zero_()
        layer.lin_unsigned.weight.zero_()
    return layer


def check_products(S: Incidence) -> None:
    layer, metabolites, reactions = only_signed(2), randn(3, S.shape[0], 2), randn(3, S.shape[1], 2)
    to_reactions = layer((metabolites, reactions), S.edge_index, S.value)
    to_metabolites = layer((reactions, metabolites), S.edge_index.flip(0), S.value)
    assert torch.allclose(to_reactions, S.adjoint(metabolites.mT).mT, atol=1e-9)
    assert torch.allclose(to_metabolites, S(reactions.mT).mT, atol=1e-9)


def test_with_the_identity_it_is_the_stoichiometry(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    check_products(core.stoichiometry)
    check_products(iJO1366.stoichiometry)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 10))
def test_with_the_identity_it_is_the_stoichiometry_of_random_networks(seed, metabolites):
    check_products(random_network(seed, metabolites, 2 * metabolites).stoichiometry)


@pytest.mark.parametrize("normalize", [True, False])
def test_it_is_what_its_matrix_form_says(core: MetabolicNetwork, normalize):
    S, layer = core.stoichiometry, conv(normalize=normalize)
    with torch.no_grad():
        layer.bias.copy_(randn(5))
    metabolites, reactions = randn(72, 3), randn(95, 4)
    A = S.to_dense().T
    if normalize:
        A = A / A.square().sum(dim=1, keepdim=True).sqrt()
    expected = (
        reactions @ layer.lin_self.weight.T
        + A @ metabolites @ layer.lin_signed.weight.T
        + A.abs() @ metabolites @ layer.lin_unsigned.weight.T
        + layer.bias
    )
    assert torch.allclose(layer((metabolites, reactions), S.edge_index, S.value), expected, atol=1e-10)


def test_a_batch_over_one_graph_is_a_loop(core: MetabolicNetwork):
    S, layer = core.stoichiometry, conv()
    metabolites, reactions = randn(2, 3, 72, 3), randn(2, 3, 95, 4)
    out = layer((metabolites, reactions), S.edge_index, S.value)
    assert out.shape == (2, 3, 95, 5)
    for i in range(2):
        for j in range(3):
            single = layer((metabolites[i, j], reactions[i, j]), S.edge_index, S.value)
            assert torch.allclose(out[i, j], single, atol=1e-12)


def test_static_targets_are_shared_by_the_batch(core: MetabolicNetwork):
    S, layer = core.stoichiometry, conv()
    metabolites, reactions = randn(6, 72, 3), randn(95, 4)
    shared = layer((metabolites, reactions), S.edge_index, S.value)
    assert torch.allclose(shared, layer((metabolites, reactions.expand(6, 95, 4)), S.edge_index, S.value))


def test_relabelling_nodes_and_edges_permutes_the_answer(core: MetabolicNetwork):
    S, layer = core.stoichiometry, conv()
    metabolites, reactions = randn(72, 3), randn(95, 4)
    order_m, order_r = torch.randperm(72), torch.randperm(95)
    shuffled = torch.randperm(S.value.numel())
    edges = torch.stack([torch.argsort(order_m)[S.row], torch.argsort(order_r)[S.column]])[:, shuffled]
    plain = layer((metabolites, reactions), S.edge_index, S.value)
    moved = layer((metabolites[order_m], reactions[order_r]), edges, S.value[shuffled])
    assert torch.allclose(plain[order_r], moved, atol=1e-12)
    assert not torch.allclose(plain, moved, atol=1e-3)


def test_a_reaction_written_larger_receives_the_same_and_backwards_the_reverse(core: MetabolicNetwork):
    S, layer = core.stoichiometry, conv(bias=False)
    x = (randn(72, 3), torch.zeros(95, 4, dtype=torch.float64))
    plain = layer(x, S.edge_index, S.value)
    assert torch.allclose(plain, layer(x, S.edge_index, 10 * S.value), atol=1e-12)
    with torch.no_grad():
        layer.lin_unsigned.weight.zero_()
    assert torch.allclose(layer(x, S.edge_index, -S.value), -layer(x, S.edge_index, S.value), atol=1e-12)


def test_messages_keep_their_variance_at_hubs(iJO1366: MetabolicNetwork):
    S, layer = iJO1366.stoichiometry, only_signed(64)
    layer.normalize = True
    out = layer((randn(2583, 64), randn(1805, 64)), S.edge_index.flip(0), S.value)
    hub = torch.diff(S.row_pointer).argmax()
    assert 0.5 < out[hub].std() < 1.5
    assert 0.9 < out.std() < 1.1


def test_gradients_are_exact():
    S = random_network(3, 4, 7).stoichiometry
    layer = conv((2, 2), 2)
    inputs = tuple(x.requires_grad_() for x in (randn(2, 4, 2), randn(2, 7, 2), S.value.clone()))
    assert torch.autograd.gradcheck(lambda m, r, s: layer((m, r), S.edge_index, s), inputs)


def test_zero_coefficients_give_zero_and_finite_gradients():
    weight = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    edges = torch.tensor([[0, 1], [0, 0]])
    out = conv(bias=False)((randn(2, 3), torch.zeros(1, 4, dtype=torch.float64)), edges, weight)
    out.sum().backward()
    assert out.tolist() == [[0.0] * 5]
    assert weight.grad is not None
    assert weight.grad.isfinite().all()


def test_weights_in_float64_serve_features_in_float32(core: MetabolicNetwork):
    S = core.stoichiometry
    out = StoichiometricConv((3, 4), 5)((randn(72, 3).float(), randn(95, 4).float()), S.edge_index, S.value)
    assert out.dtype == torch.float32


def test_unknown_channels_are_taken_from_the_first_input(core: MetabolicNetwork):
    S, x = core.stoichiometry, (randn(72, 3), randn(95, 4))
    lazy = StoichiometricConv(-1, 5).double()
    spare = copy.deepcopy(lazy)
    assert lazy(x, S.edge_index, S.value).shape == (95, 5)
    assert (lazy.lin_self.weight.shape, lazy.lin_signed.weight.shape) == ((5, 4), (5, 3))
    spare.load_state_dict(lazy.state_dict())
    assert torch.equal(spare(x, S.edge_index, S.value), lazy(x, S.edge_index, S.value))


def test_copies_and_state_dicts_give_the_same_answer(core: MetabolicNetwork):
    S, x, layer = core.stoichiometry, (randn(72, 3), randn(95, 4)), conv()
    expected = layer(x, S.edge_index, S.value)
    fresh = StoichiometricConv((3, 4), 5).double()
    assert not torch.allclose(fresh(x, S.edge_index, S.value), expected)
    fresh.load_state_dict(layer.state_dict())
    for other in (fresh, copy.deepcopy(layer)):
        assert torch.equal(other(x, S.edge_index, S.value), expected)


def test_reset_draws_new_weights():
    layer = conv()
    with torch.no_grad():
        layer.bias.fill_(3.0)
    before = copy.deepcopy(layer.state_dict())
    layer.reset_parameters()
    assert layer.bias.tolist() == [0.0] * 5
    assert all(not torch.equal(layer.state_dict()[name], before[name]) for name in before)
    assert conv(bias=False).bias is None
    assert str(layer) == "StoichiometricConv((3, 4), 5, normalize=True)"


def test_missing_targets_leave_out_their_own_term(core: MetabolicNetwork):
    S, layer, metabolites = core.stoichiometry, conv(), randn(72, 3)
    zero = torch.zeros(95, 4, dtype=torch.float64)
    without = layer((metabolites, None), S.edge_index, S.value, size=(72, 95))
    assert torch.allclose(without, layer((metabolites, zero), S.edge_index, S.value))
    with pytest.raises(InputError, match="`size` is required if `x` has no targets"):
        layer((metabolites, None), S.edge_index, S.value)
    with pytest.raises(InputError, match="`edge_weight` has 359 entries; expected one for each edge, 360"):
        layer((metabolites, zero), S.edge_index, S.value[1:])


def test_it_runs_on_one_kind_of_node_in_a_sequential_model():
    edges, weight = torch.tensor([[0, 1, 2], [1, 2, 0]]), torch.tensor([1.0, -1.0, 2.0])
    layers = [(StoichiometricConv(3, 4), "x, edges, weight -> x"), torch.nn.ReLU(),
              (StoichiometricConv(4, 2), "x, edges, weight -> x")]  # fmt: skip
    out = Sequential("x, edges, weight", layers)(torch.randn(3, 3), edges, weight)
    assert out.shape == (3, 2)


def test_it_runs_in_a_hetero_model_on_the_graph_of_core(core: MetabolicNetwork):
    data = to_hetero_data(core)
    model = HeteroConv({edge_type: StoichiometricConv(-1, 8) for edge_type in data.edge_types})
    out = model(data.x_dict, data.edge_index_dict, edge_weight_dict=data.collect("edge_attr"))
    assert {kind: tuple(x.shape) for kind, x in out.items()} == {"metabolite": (72, 8), "reaction": (95, 8)}
    sum(x.square().sum() for x in out.values()).backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
