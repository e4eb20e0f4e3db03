import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from metagnn.errors import InputError
from metagnn.graph import from_hetero_data, node_features, to_hetero_data
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.testing import random_network, toy_network

REVERSES = {
    ("metabolite", "consumed_by", "reaction"): ("reaction", "consumes", "metabolite"),
    ("reaction", "produces", "metabolite"): ("metabolite", "produced_by", "reaction"),
}


def assert_same(one: Incidence, other: Incidence) -> None:
    assert (one.rows, one.columns) == (other.rows, other.columns)
    assert torch.equal(one.edge_index, other.edge_index)
    assert torch.equal(one.value, other.value)


def test_the_round_trip_is_exact(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    for network in (core, iJO1366):
        assert_same(from_hetero_data(to_hetero_data(network)), network.stoichiometry)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 12))
def test_the_round_trip_is_exact_on_random_networks(seed, metabolites):
    network = random_network(seed, metabolites, 2 * metabolites)
    data = to_hetero_data(network)
    assert data.validate()
    assert_same(from_hetero_data(data), network.stoichiometry)


def test_nodes_and_edges_say_what_the_network_says(core: MetabolicNetwork):
    data = to_hetero_data(core, inputs=["EX_o2_e"])
    assert data.validate()
    assert set(data.edge_types) == {*REVERSES, *REVERSES.values()}
    assert (data["metabolite"].ids, data["reaction"].ids) == (list(core.metabolites), list(core.reactions))
    features = node_features(core, ["EX_o2_e"])
    assert torch.equal(data["metabolite"].x, features.metabolite)
    assert torch.equal(data["reaction"].x, features.reaction)
    assert data["reaction"].lower_bound.tolist() == core.bounds.lower.tolist()
    assert data["reaction"].upper_bound.tolist() == core.bounds.upper.tolist()
    assert data["reaction"].objective.nonzero().tolist() == [[core.reaction_index(core.growth_reaction)]]
    assert data["reaction"].exchange.nonzero().flatten().tolist() == core.exchange_indices.tolist()
    glucose = core.metabolites.index("glc__D_e")
    assert dict(zip(data.elements, data["metabolite"].element_counts[glucose].tolist(), strict=True)) == {
        "C": 6.0, "H": 12.0, "N": 0.0, "O": 6.0, "P": 0.0, "S": 0.0,
    }  # fmt: skip


def test_every_edge_has_its_reverse_and_a_positive_coefficient(core: MetabolicNetwork):
    data = to_hetero_data(core)
    edges = 0
    for forward, reverse in REVERSES.items():
        assert torch.equal(data[forward].edge_index, data[reverse].edge_index.flip(0))
        assert torch.equal(data[forward].edge_attr, data[reverse].edge_attr)
        assert data[forward].edge_attr.shape == (data[forward].num_edges, 1)
        assert (data[forward].edge_attr > 0).all()
        edges += data[forward].num_edges
    assert edges == core.stoichiometry.value.numel()


def test_formulas_may_be_missing():
    data = to_hetero_data(toy_network({"r": "a -> 2 b"}))
    assert data.validate()
    assert data["metabolite"].element_counts.shape == (2, 0)
    assert data["metabolite"].charge.isnan().all()


def test_data_owns_its_memory(core: MetabolicNetwork):
    data = to_hetero_data(core)
    data["reaction"].lower_bound.zero_()
    data["metabolite", "consumed_by", "reaction"].edge_attr.zero_()
    data["metabolite", "consumed_by", "reaction"].edge_index.zero_()
    assert core.bounds.lower.any()
    assert (core.stoichiometry.value != 0).all()
    assert_same(from_hetero_data(to_hetero_data(core)), core.stoichiometry)


def test_damaged_graphs_are_refused(core: MetabolicNetwork):
    with pytest.raises(InputError, match="`data` has no 'ids' on 'metabolite'; expected a graph that `to_hetero_data`"):
        from_hetero_data(HeteroData())
    data = to_hetero_data(core)
    del data["reaction", "produces", "metabolite"]
    with pytest.raises(InputError, match=r"has no 'edge_index' on .*produces"):
        from_hetero_data(data)
    data = to_hetero_data(core)
    data["metabolite", "consumed_by", "reaction"].edge_attr[3] = -1.0
    with pytest.raises(InputError, match=r"`edge_attr` of .*consumed_by.* must be positive"):
        from_hetero_data(data)
    data = to_hetero_data(core)
    data["reaction", "produces", "metabolite"].edge_index[0, 0] = 95
    with pytest.raises(InputError, match=r"an edge points at reaction 95; expected one of \[0, 95\)"):
        from_hetero_data(data)
