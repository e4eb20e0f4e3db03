import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork, compression, sparse_balances
from metagnn.network.compression import compress, null_basis
from metagnn.network.sparse_balances import SparseBalances
from metagnn.studies.benchmarks.community import community_of_copies
from metagnn.testing import random_network, toy_network
from tests.copies_and_threads import COPIES, in_threads


def nearest(matrix: np.ndarray, variance: np.ndarray, values: np.ndarray, refinements: int = 1) -> np.ndarray:
    factor = SparseBalances(scipy.sparse.csc_array(matrix)).factor(variance)
    moved: np.ndarray = values - variance[:, None] * factor.correction(values, refinements)
    return moved


def by_null_space(matrix: np.ndarray, variance: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weighted least-squares fit of the values by a basis of the null space."""
    basis, root = null_basis(matrix), np.sqrt(variance)[:, None]
    coordinates, *_ = np.linalg.lstsq(basis / root, values / root, rcond=None)
    fitted: np.ndarray = basis @ coordinates
    return fitted


def check(matrix: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    variance, values = np.exp(rng.normal(size=matrix.shape[1])), 10 * rng.normal(size=(matrix.shape[1], 4))
    moved = nearest(matrix, variance, values)
    assert np.allclose(moved, by_null_space(matrix, variance, values), rtol=0, atol=1e-9)
    # In the size of every balance: a thousand times one is a thousand times as far off.
    size = np.abs(matrix).max(axis=1, keepdims=True)
    assert np.abs(matrix @ moved / size).max(initial=0.0) < 1e-9
    assert np.allclose(nearest(matrix, variance, moved), moved, rtol=0, atol=1e-9)


def filled(network: MetabolicNetwork) -> np.ndarray:
    matrix: np.ndarray = network.stoichiometry.to_dense().numpy()
    return matrix[np.abs(matrix).sum(axis=1) > 0]


def test_it_is_the_weighted_least_squares_fit_of_core(core: MetabolicNetwork):
    check(filled(core), 0)


@pytest.mark.parametrize("wide", [0, 2, 5])
def test_columns_of_many_balances_on_their_own_change_nothing(core: MetabolicNetwork, monkeypatch, wide: int):
    S, rng = filled(core), np.random.default_rng(4)
    variance, values = np.exp(rng.normal(size=S.shape[1])), 10 * rng.normal(size=(S.shape[1], 4))
    together = nearest(S, variance, values, 2)
    assert (np.count_nonzero(S, axis=0) > wide).any()
    monkeypatch.setattr(sparse_balances, "WIDE", wide)
    check(S, 4)
    assert np.allclose(nearest(S, variance, values, 2), together, rtol=0, atol=1e-11)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_is_the_weighted_least_squares_fit_of_random_networks(seed: int):
    check(filled(random_network(seed)), seed)


def test_balances_that_follow_from_others_change_nothing(core: MetabolicNetwork):
    S = filled(core)
    repeated = np.vstack([S, 1000 * S[:20], S[0] - S[7], 1e-3 * (S[3] + 2 * S[5])])
    assert np.linalg.matrix_rank(repeated) < len(repeated) - 22
    check(repeated, 1)
    rng = np.random.default_rng(2)
    variance, values = np.exp(rng.normal(size=S.shape[1])), rng.normal(size=(S.shape[1], 3))
    alike = nearest(S, variance, values, 2), nearest(repeated, variance, values, 2)
    assert np.allclose(*alike, rtol=0, atol=1e-11)


def test_more_refinement_balances_better(core: MetabolicNetwork):
    S, rng = filled(core), np.random.default_rng(3)
    values = rng.normal(size=(S.shape[1], 5))
    left = [np.abs(S @ nearest(S, np.ones(S.shape[1]), values, steps)).max() for steps in range(3)]
    assert left[1] < 1e-2 * left[0]
    assert left[2] < 1e-11


def test_where_nothing_has_to_balance_nothing_moves():
    values = np.ones((3, 2))
    assert np.array_equal(nearest(np.zeros((0, 3)), np.ones(3), values), values)


@pytest.mark.parametrize("bounded", [False, True])
def test_large_networks_are_reduced_without_a_null_space(core: MetabolicNetwork, monkeypatch, bounded: bool):
    network = community_of_copies(core, 2)
    bounds = (network.bounds.lower, network.bounds.upper) if bounded else ()
    small = compress(network.stoichiometry, *bounds)
    monkeypatch.setattr(compression, "MOST_DENSE_GROUPS", 0)
    large = compress(network.stoichiometry, *bounds)
    assert large.balance is None
    assert large.basis is None
    assert small.basis is not None
    assert large.coupled.groups >= small.coupled.groups
    # The same steady states: as many independent ones, and each of them balances.
    basis = null_basis(large.coupled.matrix.toarray())
    assert basis.shape[1] == small.basis.shape[1]
    assert np.abs(network.stoichiometry.to_scipy() @ large.coupled.expansion @ basis).max() < 1e-9


def test_a_large_network_that_cannot_move_has_no_group(monkeypatch):
    monkeypatch.setattr(compression, "MOST_DENSE_GROUPS", -1)
    stuck = compress(toy_network({"EX_a": "a <=>", "growth": "b ->"}, "growth").stoichiometry)
    assert (stuck.coupled.groups, stuck.coupled.group.tolist(), stuck.coupled.matrix.shape) == (0, [-1, -1], (0, 0))


def test_copies_and_threads_correct_to_the_same_digits(core):
    balances = SparseBalances(core.stoichiometry.to_scipy())
    rng = np.random.default_rng(0)
    variance, batches = rng.uniform(0.5, 2, 95), rng.normal(size=(24, 95, 3))
    factor = balances.factor(variance)
    expected = [factor.correction(values) for values in batches]
    assert np.array_equal(in_threads(factor.correction, batches), expected)
    for duplicate in COPIES:
        assert np.array_equal(duplicate(factor).correction(batches[0]), expected[0])
        assert np.array_equal(duplicate(balances).factor(variance).correction(batches[0]), expected[0])


def uneven(count: int, seed: int) -> np.ndarray:
    """Variances of 24 decades in one vector."""
    variance: np.ndarray = 10 ** np.random.default_rng(seed).uniform(-12, 12, count)
    return variance


def check_exact(matrix: np.ndarray, variance: np.ndarray, seed: int, size: float = 1.0) -> None:
    balances, rng = SparseBalances(scipy.sparse.csc_array(matrix)), np.random.default_rng(seed)
    values = size * rng.normal(size=(matrix.shape[1], 4))
    moved = balances.settle(values - variance[:, None] * balances.factor(variance).exact_correction(values))
    assert np.isfinite(moved).all()
    assert np.all(np.abs(matrix @ moved).max(axis=0) <= 1e-9 * np.maximum(1.0, np.abs(moved).max(axis=0)))
    # Among all that balances: the weighted error is orthogonal to every balanced direction.
    weighted = (moved - values) / np.sqrt(variance)[:, None]
    along = null_basis(matrix) / np.sqrt(variance)[:, None]
    along = along / np.linalg.norm(along, axis=0)
    assert np.abs(along.T @ weighted).max(initial=0.0) < 1e-5 * np.linalg.norm(weighted, axis=0).max()


@pytest.mark.parametrize("size", [1.0, 1e12])
def test_it_balances_core_in_any_metric(core: MetabolicNetwork, size: float):
    S = filled(core)
    for seed in range(3):
        check_exact(S, uneven(S.shape[1], seed), seed, size)
        check_exact(S, np.exp(4 * np.random.default_rng(seed).normal(size=S.shape[1])), seed, size)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_balances_random_networks_in_any_metric(seed: int):
    S = filled(random_network(seed))
    check_exact(S, uneven(S.shape[1], seed), seed)


def test_conjugate_gradients_reach_what_the_regularisation_hides(core: MetabolicNetwork):
    # Two balances that differ by one part in a million: twice refined, they are still off.
    S, rng = filled(core), np.random.default_rng(6)
    near = np.vstack([S, S[0] + 1e-6 * S[5]])
    variance, values = np.ones(S.shape[1]), 10 * rng.normal(size=(S.shape[1], 5))
    factor = SparseBalances(scipy.sparse.csc_array(near)).factor(variance)
    left = [
        np.abs(near @ (values - moved)).max()
        for moved in (factor.correction(values, 2), factor.exact_correction(values))
    ]
    assert left[1] < 1e-9
    assert np.allclose(values - factor.exact_correction(values), nearest(S, variance, values, 2), rtol=0, atol=1e-9)
    # Balanced samples take no further step, whoever stands beside them.
    alone = factor.exact_correction(values[:, :1])
    assert np.allclose(factor.exact_correction(values)[:, :1], alone, rtol=0, atol=1e-12)
