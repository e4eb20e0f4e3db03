import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import TableError
from metagnn.graph import NodeFeatures, node_features
from metagnn.network import MetabolicNetwork
from metagnn.testing import permute_network, random_network, toy_network


def of(features: NodeFeatures, names: tuple[str, ...], kind: str, column: str) -> dict[str, float]:
    values = getattr(features, kind)[:, getattr(features, f"{kind}_names").index(column)]
    return dict(zip(names, values.tolist(), strict=True))


def test_flags_of_reactions_are_what_the_network_says():
    network = toy_network(
        {"EX_a": "a <=>", "EX_b": "b <=>", "r": "2 a -> 3 b", "back": "a <- b", "growth": "b ->", "shut": "a -> b"},
        "growth",
        bounds={"EX_a": (-10, -1), "growth": (0, np.inf), "EX_b": (0, 1000), "shut": (0, 0)},
        formulas={"a": "C3", "b": "C2"},
    )
    features = node_features(network, inputs=["EX_a"])
    expected = {
        "forward": ["EX_b", "r", "growth"],
        "backward": ["EX_a", "back"],
        "forced": ["EX_a"],
        "exchange": ["EX_a", "EX_b"],
        "one_sided": ["EX_a", "EX_b", "growth"],
        "objective": ["growth"],
        "varied": ["EX_a"],
    }
    for column, names in expected.items():
        flags = of(features, network.reactions, "reaction", column)
        assert [name for name, flag in flags.items() if flag] == names, column
        assert set(flags.values()) <= {0.0, 1.0}
    assert of(features, network.reactions, "reaction", "log_coefficients")["r"] == pytest.approx(np.log1p(5))
    carbon = of(features, network.reactions, "reaction", "carbon_exchanged")
    assert carbon["EX_a"] == pytest.approx(-np.log1p(3))
    assert carbon["r"] == 0.0


def test_features_of_metabolites_are_what_they_are_made_of():
    network = toy_network(
        {"EX_a": "a <=>", "r": "a -> b", "s": "b -> c"}, formulas={"a": "C6H12O6", "b": "FeS"}, charges={"b": -2}
    )
    features = node_features(network)
    assert of(features, network.metabolites, "metabolite", "log_C")["a"] == pytest.approx(np.log(7))
    assert of(features, network.metabolites, "metabolite", "log_other_elements")["b"] == pytest.approx(np.log(2))
    assert of(features, network.metabolites, "metabolite", "charge")["b"] == pytest.approx(-np.log(3))
    assert of(features, network.metabolites, "metabolite", "charge_known") == {"a": 0.0, "b": 1.0, "c": 0.0}
    assert of(features, network.metabolites, "metabolite", "formula_known") == {"a": 1.0, "b": 1.0, "c": 0.0}
    assert of(features, network.metabolites, "metabolite", "extracellular") == {"a": 1.0, "b": 0.0, "c": 0.0}


def test_hubs_of_core_are_the_carriers(core: MetabolicNetwork):
    hubs = of(node_features(core), core.metabolites, "metabolite", "hub")
    assert {name for name, hub in hubs.items() if hub} >= {"atp_c", "adp_c", "h_c", "h2o_c", "nad_c", "nadh_c", "pi_c"}
    assert sum(hubs.values()) < 15
    assert not hubs["f6p_c"]


def test_every_network_has_the_same_features(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    bare = toy_network({"r": "a -> b"}, bounds={"r": (-np.inf, np.inf)})
    for network in (core, iJO1366, bare, toy_network({"r": "->"})):
        features = node_features(network)
        assert features.metabolite_names == node_features(core).metabolite_names
        assert features.reaction_names == node_features(core).reaction_names
        for x, names, nodes in (
            (features.metabolite, features.metabolite_names, network.metabolites),
            (features.reaction, features.reaction_names, network.reactions),
        ):
            assert x.shape == (len(nodes), len(names))
            assert x.dtype == torch.float32
            assert x.isfinite().all()
            assert (x.abs() < 10).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_features_follow_their_nodes(seed):
    network, random = random_network(seed), np.random.default_rng(seed)
    reactions = random.permutation(len(network.reactions)).tolist()
    metabolites = random.permutation(len(network.metabolites)).tolist()
    inputs = network.exchanges[:1]
    plain, moved = (
        node_features(network, inputs),
        node_features(permute_network(network, reactions, metabolites), inputs),
    )
    assert torch.equal(plain.metabolite[metabolites], moved.metabolite)
    assert torch.equal(plain.reaction[reactions], moved.reaction)


def test_names_and_size_of_bounds_carry_nothing(core: MetabolicNetwork):
    renamed = dataclasses.replace(
        core, bounds=dataclasses.replace(core.bounds, lower=core.bounds.lower * 7, upper=core.bounds.upper * np.inf)
    )
    assert torch.equal(node_features(renamed).reaction, node_features(core).reaction)


def test_inputs_must_be_exchanges(core: MetabolicNetwork):
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"):
        node_features(core, ["EX_glc_e"])
    with pytest.raises(TableError, match="'PFK' is a reaction of e_coli_core but no exchange"):
        node_features(core, ["PFK"])
