import dataclasses
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork, network_from_document, network_to_document
from metagnn.testing import random_network, toy_network


def through_json(network: MetabolicNetwork) -> MetabolicNetwork:
    return network_from_document(json.loads(json.dumps(network_to_document(network), allow_nan=False)))


def assert_same(one: MetabolicNetwork, other: MetabolicNetwork) -> None:
    assert one.fingerprint == other.fingerprint
    assert torch.equal(one.stoichiometry.to_dense(), other.stoichiometry.to_dense())
    for field in ("id", "objective", "exchanges", "metabolite_table", "reaction_table", "aliases", "genes", "notes"):
        assert getattr(one, field) == getattr(other, field), field
    for side in ("lower", "upper"):
        np.testing.assert_array_equal(getattr(one.bounds, side), getattr(other.bounds, side))


def test_core_survives_json(core: MetabolicNetwork):
    assert_same(through_json(core), core)
    changed = core.with_medium({"EX_glc__D_e": 1 / 3}).knock_out(genes=["b3916"])
    assert_same(through_json(changed), changed)


def test_notes_of_reading_survive_json_and_may_be_missing(core: MetabolicNetwork):
    noted = dataclasses.replace(core, notes=("1 formula not understood, counted as unknown: 'a_e' ('(C2)n')",))
    assert_same(through_json(noted), noted)
    older = network_to_document(core)
    del older["notes"]
    assert network_from_document(older).notes == ()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_networks_survive_json(seed):
    assert_same(through_json(random_network(seed)), random_network(seed))


def test_infinite_bounds_and_missing_formulas_survive():
    network = toy_network({"r": "a -> b"}, bounds={"r": (-np.inf, np.inf)}, formulas={"a": "C"}, charges={"b": -2})
    copied = through_json(network)
    assert_same(copied, network)
    assert copied.bounds.lower.tolist() == [-np.inf]
    assert copied.metabolite_table[1].formula is None


@pytest.mark.parametrize("part", ["reactions", "metabolites", "stoichiometry", "objective", "exchanges"])
def test_a_damaged_document_is_a_key_error(core: MetabolicNetwork, part):
    document = network_to_document(core)
    del document[part]
    with pytest.raises(KeyError, match=part):
        network_from_document(document)
