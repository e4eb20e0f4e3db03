from pathlib import Path

import networkx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import NetworkError
from metagnn.graph import from_networkx, to_networkx
from metagnn.network import Incidence, MetabolicNetwork
from metagnn.testing import random_network, toy_network


def assert_same(one: Incidence, other: Incidence) -> None:
    assert (one.rows, one.columns) == (other.rows, other.columns)
    assert torch.equal(one.edge_index, other.edge_index)
    assert torch.equal(one.value, other.value)


def test_the_round_trip_is_exact(core: MetabolicNetwork):
    assert_same(from_networkx(to_networkx(core)), core.stoichiometry)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 12))
def test_the_round_trip_is_exact_on_random_networks(seed, metabolites):
    network = random_network(seed, metabolites, 2 * metabolites)
    assert_same(from_networkx(to_networkx(network)), network.stoichiometry)


def test_the_graph_survives_a_file(core: MetabolicNetwork, tmp_path: Path):
    networkx.write_graphml(to_networkx(core), tmp_path / "core.graphml")
    graph = networkx.read_graphml(tmp_path / "core.graphml")
    assert_same(from_networkx(graph), core.stoichiometry)
    assert graph.nodes["PFK"] == to_networkx(core).nodes["PFK"]


def test_ids_and_attributes_are_kept(core: MetabolicNetwork):
    graph = to_networkx(core)
    assert networkx.bipartite.is_bipartite_node_set(graph.to_undirected(), core.reactions)
    assert list(graph) == [*core.metabolites, *core.reactions]
    assert graph.nodes["glc__D_e"] == {
        "bipartite": 0, "name": "D-Glucose", "compartment": "e", "formula": "C6H12O6", "charge": 0.0,
    }  # fmt: skip
    exchange = graph.nodes["EX_glc__D_e"]
    assert (exchange["bipartite"], exchange["lower_bound"], exchange["upper_bound"]) == (1, -10.0, 1000.0)
    assert (exchange["is_exchange"], graph.nodes["PFK"]["is_exchange"]) == (True, False)
    assert graph.nodes["PFK"]["subsystem"] == core.reaction_table[core.reaction_index("PFK")].subsystem
    assert graph.nodes[core.growth_reaction]["objective"] == 1.0


def test_edges_run_from_what_is_consumed_to_what_is_made():
    graph = to_networkx(toy_network({"r": "a + 2 b -> 0.5 c"}))
    assert {(s, t): c for s, t, c in graph.edges(data="coefficient")} == {
        ("a", "r"): 1.0, ("b", "r"): 2.0, ("r", "c"): 0.5,
    }  # fmt: skip
    assert "formula" not in graph.nodes["a"]
    assert "charge" not in graph.nodes["a"]


def test_an_id_shared_by_two_kinds_is_refused():
    with pytest.raises(NetworkError, match="'a' is both a metabolite and a reaction of toy"):
        to_networkx(toy_network({"a": "a -> b"}))


def damaged(change: str) -> networkx.DiGraph:
    graph = to_networkx(toy_network({"r": "a -> b"}))
    if change == "node":
        graph.add_node("stranger")
    elif change == "kind":
        graph.add_edge("a", "b", coefficient=1.0)
    else:
        graph["a"]["r"]["coefficient"] = {"sign": -1.0, "nothing": None, "nan": float("nan")}[change]
    return graph


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("node", "node 'stranger' has `bipartite` None; expected 0"),
        ("kind", "edge 'a' → 'b' joins two nodes of one kind"),
        ("sign", "edge 'a' → 'r' has `coefficient` -1.0; expected a number > 0"),
        ("nothing", "edge 'a' → 'r' has `coefficient` None"),
        ("nan", "edge 'a' → 'r' has `coefficient` nan"),
    ],
)
def test_damaged_graphs_are_refused(change, message):
    with pytest.raises(NetworkError, match=message):
        from_networkx(damaged(change))
