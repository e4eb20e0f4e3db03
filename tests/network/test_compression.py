import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.datasets.reference_media import IJO1366_RANGES
from metagnn.network import MetabolicNetwork
from metagnn.network.compression import Compression, compress, null_basis
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.optimize import LinearProgram
from metagnn.testing import random_network, toy_network
from tests.copies_and_threads import assert_copies_are_the_same


def check_lossless(network: MetabolicNetwork, tolerance: float = 1e-10) -> None:
    """Every steady state is the expansion of some group fluxes, and every balanced group flux expands to one."""
    compression, S = compress(network.stoichiometry), network.stoichiometry.to_dense().numpy()
    basis, expansion = null_basis(S), compression.coupled.expansion
    groups, *_ = np.linalg.lstsq(expansion, basis, rcond=None)
    assert np.allclose(expansion @ groups, basis, rtol=0, atol=tolerance)
    assert np.abs(compression.balance @ groups).max(initial=0.0) < tolerance * 100
    assert compression.balance is not None
    balanced = null_basis(compression.balance) if len(compression.balance) else np.eye(compression.coupled.groups)
    assert np.abs(S @ expansion @ balanced).max(initial=0.0) < tolerance * 100
    assert balanced.shape[1] == basis.shape[1]


def test_core_is_compressed_without_loss(core: MetabolicNetwork):
    check_lossless(core)
    compression = compress(core.stoichiometry)
    assert compression.coupled.groups < 70
    assert len(compression.balance) == compression.coupled.groups - 28


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_networks_are_compressed_without_loss(seed: int):
    check_lossless(random_network(seed), 1e-8)


def test_a_chain_is_one_group_and_a_dead_end_is_none():
    chain = toy_network(
        {"EX_a": "a <=>", "r": "a -> 2 b", "s": "3 b -> c", "growth": "c ->", "dead": "a -> d"}, "growth"
    )
    compression = compress(chain.stoichiometry)
    assert compression.coupled.groups == 1
    assert compression.coupled.group.tolist() == [0, 0, 0, 0, -1]
    ratio = compression.coupled.ratio / compression.coupled.ratio[3]
    assert ratio.tolist() == pytest.approx([-1.5, 1.5, 1.0, 1.0, 0.0])
    assert len(compression.balance) == 0


def test_a_network_that_cannot_move_has_no_group():
    stuck = compress(toy_network({"EX_a": "a <=>", "growth": "b ->"}, "growth").stoichiometry)
    assert (stuck.coupled.groups, stuck.coupled.group.tolist()) == (0, [-1, -1])


def of_network(network: MetabolicNetwork) -> Compression:
    return compress(network.stoichiometry, network.bounds.lower, network.bounds.upper)


def check_fields(compression: Compression) -> None:
    """The sparse balances, the orthonormal ones and the basis say the same."""
    matrix, balance, basis = compression.coupled.matrix.toarray(), compression.balance, compression.basis
    rank, groups = matrix.shape
    assert balance is not None
    assert basis is not None
    assert balance.shape == (rank, groups)
    assert basis.shape == (groups, groups - rank)
    assert np.allclose(balance @ balance.T, np.eye(rank), rtol=0, atol=1e-12)
    assert np.allclose(basis.T @ basis, np.eye(groups - rank), rtol=0, atol=1e-12)
    size = np.abs(matrix).max(initial=1.0)
    assert np.abs(matrix @ basis).max(initial=0.0) < 1e-11 * size
    assert np.abs(matrix - matrix @ balance.T @ balance).max(initial=0.0) < 1e-11 * size
    assert rank == 0 or np.linalg.matrix_rank(matrix) == rank


def test_the_fields_of_core_agree_with_and_without_bounds(core: MetabolicNetwork):
    for compression in (compress(core.stoichiometry), of_network(core)):
        check_fields(compression)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bounded=st.booleans())
def test_the_fields_of_random_networks_agree(seed: int, bounded: bool):
    network = random_network(seed)
    check_fields(of_network(network) if bounded else compress(network.stoichiometry))


def test_bounds_leave_fewer_groups_of_core(core: MetabolicNetwork):
    free, bounded = compress(core.stoichiometry), of_network(core)
    assert bounded.coupled.groups < free.coupled.groups
    # What can move within bounds can move at all.
    assert not ((free.coupled.group < 0) & (bounded.coupled.group >= 0)).any()
    closed = {core.reactions[i] for i in np.flatnonzero(bounded.coupled.group < 0)}
    assert {"EX_fru_e", "FRUpts2"} <= closed


def check_optimum(network: MetabolicNetwork, seed: int) -> None:
    compression, rng = of_network(network), np.random.default_rng(seed)
    S, bounds = network.stoichiometry.to_scipy(), (network.bounds.lower, network.bounds.upper)
    groups = ReactionGroups.from_coupled(compression.coupled)
    group_bounds = (bound.numpy() for bound in groups.bounds(*map(torch.tensor, bounds)))
    objective = rng.normal(size=len(network.reactions))
    full = LinearProgram(S, objective).solve(*bounds)
    small = LinearProgram(compression.coupled.matrix, objective @ compression.coupled.expansion).solve(*group_bounds)
    size = 1.0 + abs(full.objective)
    assert small.objective == pytest.approx(full.objective, abs=1e-9 * size)
    fluxes = compression.coupled.expansion @ small.values
    assert np.abs(S @ fluxes).max() < 1e-9 * size
    assert np.all((fluxes >= bounds[0] - 1e-8) & (fluxes <= bounds[1] + 1e-8))


@pytest.mark.parametrize("seed", range(5))
def test_the_optimum_of_core_within_its_bounds_is_that_of_its_groups(core: MetabolicNetwork, seed: int):
    check_optimum(core, seed)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_optimum_of_random_networks_is_that_of_their_groups(seed: int):
    check_optimum(random_network(seed), seed)


def test_iJO1366_has_less_than_half_its_reactions_left(iJO1366: MetabolicNetwork):
    lower, upper = iJO1366.bounds.lower.copy(), iJO1366.bounds.upper.copy()
    varied = [iJO1366.reaction_index(name) for name in IJO1366_RANGES]
    lower[varied], upper[varied] = -np.inf, np.inf
    compression = compress(iJO1366.stoichiometry, lower, upper)
    assert 1000 < compression.coupled.groups < 1200
    assert compression.basis is not None
    expanded = compression.coupled.expansion @ compression.basis
    assert np.abs(iJO1366.stoichiometry.to_scipy() @ expanded).max() < 1e-9


def test_copies_are_the_same(core: MetabolicNetwork):
    assert_copies_are_the_same(compress(core.stoichiometry))
