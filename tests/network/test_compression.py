import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork
from metagnn.network.compression import compress, null_basis
from metagnn.testing import random_network, toy_network


def check_lossless(network: MetabolicNetwork, tolerance: float = 1e-10) -> None:
    """Every steady state is the expansion of some group fluxes, and every balanced group flux expands to one."""
    compression, S = compress(network.stoichiometry), network.stoichiometry.to_dense().numpy()
    basis, expansion = null_basis(S), compression.expansion
    groups, *_ = np.linalg.lstsq(expansion, basis, rcond=None)
    assert np.allclose(expansion @ groups, basis, rtol=0, atol=tolerance)
    assert np.abs(compression.balance @ groups).max(initial=0.0) < tolerance * 100
    balanced = null_basis(compression.balance) if len(compression.balance) else np.eye(compression.groups)
    assert np.abs(S @ expansion @ balanced).max(initial=0.0) < tolerance * 100
    assert balanced.shape[1] == basis.shape[1]


def test_core_is_compressed_without_loss(core: MetabolicNetwork):
    check_lossless(core)
    compression = compress(core.stoichiometry)
    assert compression.groups < 70
    assert len(compression.balance) == compression.groups - 28


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_networks_are_compressed_without_loss(seed: int):
    check_lossless(random_network(seed), 1e-8)


def test_a_chain_is_one_group_and_a_dead_end_is_none():
    chain = toy_network(
        {"EX_a": "a <=>", "r": "a -> 2 b", "s": "3 b -> c", "growth": "c ->", "dead": "a -> d"}, "growth"
    )
    compression = compress(chain.stoichiometry)
    assert compression.groups == 1
    assert compression.group.tolist() == [0, 0, 0, 0, -1]
    ratio = compression.ratio / compression.ratio[3]
    assert ratio.tolist() == pytest.approx([-1.5, 1.5, 1.0, 1.0, 0.0])
    assert len(compression.balance) == 0


def test_a_network_that_cannot_move_has_no_group():
    stuck = compress(toy_network({"EX_a": "a <=>", "growth": "b ->"}, "growth").stoichiometry)
    assert (stuck.groups, stuck.group.tolist()) == (0, [-1, -1])
