import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import HeteroData
from torch_geometric.loader import DataLoader, NodeLoader
from torch_geometric.sampler import BaseSampler, HeteroSamplerOutput, NodeSamplerInput
from torch_geometric.transforms import ToUndirected

from metagnn.errors import InputError
from metagnn.graph import from_hetero_data, node_features, node_ids, to_hetero_data
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
    assert (node_ids(data, "metabolite"), node_ids(data, "reaction")) == (list(core.metabolites), list(core.reactions))
    compartments = [data.compartments[index] for index in data["metabolite"].compartment]
    assert compartments == [metabolite.compartment for metabolite in core.metabolite_table]
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


def check_nodes(part: HeteroData, network: MetabolicNetwork, metabolites: list[str], reactions: list[str]) -> None:
    """Ids, attributes and coefficients of a part are those of the same nodes in the network."""
    assert (node_ids(part, "metabolite"), node_ids(part, "reaction")) == (metabolites, reactions)
    whole = to_hetero_data(network)
    for kind, names, known in (
        ("metabolite", metabolites, network.metabolites),
        ("reaction", reactions, network.reactions),
    ):
        at = torch.tensor([known.index(name) for name in names], dtype=torch.int64)
        for key, value in whole[kind].items():
            assert torch.equal(part[kind][key].nan_to_num(-9.0), value[at].nan_to_num(-9.0)), key
    S = network.stoichiometry.to_scipy().toarray()
    rows = [network.metabolites.index(name) for name in metabolites]
    columns = [network.reactions.index(name) for name in reactions]
    found = from_hetero_data(part)
    assert (list(found.rows), list(found.columns)) == (metabolites, reactions)
    assert found.to_scipy().toarray().tolist() == S[np.ix_(rows, columns)].tolist()


@settings(max_examples=20, deadline=None)
@given(keep=st.lists(st.integers(0, 94), unique=True, min_size=1), masked=st.booleans(), choice=st.data())
def test_a_subgraph_keeps_ids_with_their_nodes(core: MetabolicNetwork, keep, masked, choice):
    rows = choice.draw(st.lists(st.integers(0, 71), unique=True))
    if masked:
        keep, rows = sorted(keep), sorted(rows)
    subset = {"reaction": torch.tensor(keep), "metabolite": torch.tensor(rows, dtype=torch.int64)}
    if masked:
        size = {"reaction": 95, "metabolite": 72}
        subset = {
            kind: torch.zeros(size[kind], dtype=torch.bool).index_fill(0, at, True) for kind, at in subset.items()
        }
    data = to_hetero_data(core)
    part = data.subgraph(subset)
    assert part.validate()
    check_nodes(part, core, [core.metabolites[row] for row in rows], [core.reactions[column] for column in keep])
    again = part.subgraph({"reaction": torch.tensor([0])})
    assert node_ids(again, "reaction") == [core.reactions[keep[0]]]
    # The graph itself is as it was.
    assert_same(from_hetero_data(data), core.stoichiometry)


class NeighbourSampler(BaseSampler):
    """The metabolites of the chosen reactions; PyG's own samplers need compiled packages."""

    def __init__(self, data: HeteroData) -> None:
        self.data = data

    def sample_from_nodes(self, index: NodeSamplerInput, **kwargs) -> HeteroSamplerOutput:
        reactions, edge_type = index.node, ("metabolite", "consumed_by", "reaction")
        edges = self.data[edge_type].edge_index
        edge = torch.isin(edges[1], reactions).nonzero().flatten()
        metabolites, row = edges[0, edge].unique(return_inverse=True)
        column = torch.tensor([reactions.tolist().index(at) for at in edges[1, edge].tolist()], dtype=torch.int64)
        return HeteroSamplerOutput(
            {"metabolite": metabolites, "reaction": reactions}, {edge_type: row}, {edge_type: column},
            {edge_type: edge}, metadata=(index.input_id, index.time),
        )  # fmt: skip

    def sample_from_edges(self, index, neg_sampling=None):
        raise NotImplementedError


def test_loaders_keep_ids_with_their_nodes(core: MetabolicNetwork):
    data = to_hetero_data(core)
    seen = []
    for batch in NodeLoader(data, NeighbourSampler(data), input_nodes="reaction", batch_size=20):
        names = node_ids(batch, "reaction")
        assert batch["reaction"].lower_bound.tolist() == [core.bounds.lower[core.reactions.index(n)] for n in names]
        edges = batch["metabolite", "consumed_by", "reaction"].edge_index
        metabolites = node_ids(batch, "metabolite")
        S = core.stoichiometry.to_scipy()
        for row, column in edges.T.tolist():
            assert S[core.metabolites.index(metabolites[row]), core.reactions.index(names[column])] < 0
        seen += names
    assert seen == list(core.reactions)


def test_batches_of_networks_keep_ids_with_their_nodes(core: MetabolicNetwork):
    toy = toy_network({"EX_a": "a <=>", "r": "a -> 2 b"}, formulas={"a": "CH4", "b": "H2"})
    graphs = [to_hetero_data(core), to_hetero_data(toy), to_hetero_data(core)]
    (batch,) = DataLoader(graphs, batch_size=3, exclude_keys=["element_counts"])
    assert node_ids(batch, "reaction") == [*core.reactions, *toy.reactions, *core.reactions]
    assert node_ids(batch, "metabolite") == [*core.metabolites, *toy.metabolites, *core.metabolites]
    assert node_ids(batch.get_example(1), "metabolite") == ["a", "b"]
    part = batch.subgraph({"reaction": torch.tensor([96, 3])})
    assert node_ids(part, "reaction") == ["r", core.reactions[3]]


def test_transforms_and_one_kind_of_node_keep_ids_with_their_nodes(core: MetabolicNetwork):
    data = to_hetero_data(core)
    both = ToUndirected()(data.clone())
    assert_same(from_hetero_data(both), core.stoichiometry)
    flat = data.to_homogeneous()
    kinds = [flat._node_type_names[kind] for kind in flat.node_type]
    names = [flat.ids[kind][at] for kind, at in zip(kinds, flat.n_id.tolist(), strict=True)]
    assert names == [*core.metabolites, *core.reactions]


def test_damaged_graphs_are_refused(core: MetabolicNetwork):
    with pytest.raises(InputError, match="`data` has no 'n_id' on 'metabolite'; expected a graph from `to_h"):
        from_hetero_data(HeteroData())
    data = to_hetero_data(core)
    del data.ids
    with pytest.raises(InputError, match="`data` has no `ids` of 'metabolite'; expected a graph from `to_hetero_data`"):
        from_hetero_data(data)
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
