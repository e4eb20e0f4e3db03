import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from metagnn.network import MetabolicNetwork
from metagnn.network.compression import null_basis
from metagnn.network.coupled_reactions import CoupledReactions
from metagnn.network.reduction import reduce_network
from metagnn.optimize import LinearProgram
from metagnn.testing import random_network, toy_network

Bounds = tuple[np.ndarray, np.ndarray]


def reduce(network: MetabolicNetwork, bounds: Bounds | None = None) -> CoupledReactions:
    return reduce_network(network.stoichiometry.to_scipy(), *(bounds or (network.bounds.lower, network.bounds.upper)))


def random_bounds(count: int, seed: int) -> Bounds:
    """Around zero, which is feasible; many closed in one direction, some in both."""
    rng = np.random.default_rng(seed)
    lower = -rng.choice([0.0, 0.0, 1.0, 5.0, np.inf], count)
    return lower, rng.choice([0.0, 1.0, 5.0, 5.0, np.inf], count)


def optimum(matrix, objective: np.ndarray, bounds: Bounds):
    return LinearProgram(matrix, objective).solve(*bounds)


def check_lossless(S: csr_array, reduction: CoupledReactions, bounds: Bounds, seed: int) -> None:
    """Vertices of the flux polytope are expansions of group fluxes, and balanced group fluxes are steady states."""
    rng = np.random.default_rng(seed)
    groups = reduction.expansion
    balanced = groups @ null_basis(reduction.matrix.toarray())
    assert np.abs(S @ balanced).max(initial=0.0) < 1e-8
    for _ in range(4):
        program = LinearProgram(S, rng.normal(size=S.shape[1]))
        vertex = program.solve(np.maximum(bounds[0], -20), np.minimum(bounds[1], 20)).values
        found = np.linalg.lstsq(groups, vertex, rcond=None)[0]
        assert reduction.expand(found) == pytest.approx(vertex, abs=1e-7)
        assert np.abs(reduction.matrix @ found).max(initial=0.0) < 1e-6


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), wide=st.booleans())
def test_nothing_feasible_is_lost_and_nothing_else_is_gained(seed: int, wide: bool):
    network = random_network(seed)
    free = np.full(len(network.reactions), np.inf)
    bounds = (-free, free) if wide else random_bounds(len(free), seed)
    reduction = reduce(network, bounds)
    check_lossless(network.stoichiometry.to_scipy(), reduction, bounds, seed)
    assert np.array_equal(reduction.group < 0, reduction.ratio == 0)
    assert set(reduction.group[reduction.group >= 0]) == set(range(reduction.groups))


def test_nothing_is_lost_of_core_and_half_of_it_is_left(core: MetabolicNetwork):
    bounds = core.bounds.lower, core.bounds.upper
    reduction = reduce(core)
    check_lossless(core.stoichiometry.to_scipy(), reduction, bounds, 0)
    assert reduction.groups < 60


def check_optima(network: MetabolicNetwork, bounds: Bounds, seed: int) -> None:
    """The same optimum on both, and the optimum of the groups, expanded, is one of the reactions."""
    S, reduction = network.stoichiometry.to_scipy(), reduce(network, bounds)
    objective = np.random.default_rng(seed).normal(size=S.shape[1])
    full = optimum(S, objective, bounds)
    small = optimum(reduction.matrix, objective @ reduction.expansion, reduction.group_bounds(*bounds))
    assert small.status == full.status == "optimal"
    size = 1.0 + abs(full.objective)
    assert small.objective == pytest.approx(full.objective, abs=1e-9 * size)
    fluxes = reduction.expand(small.values)
    assert objective @ fluxes == pytest.approx(full.objective, abs=1e-9 * size)
    assert np.abs(S @ fluxes).max() < 1e-9 * size
    assert np.all((fluxes >= bounds[0] - 1e-9) & (fluxes <= bounds[1] + 1e-9))


@pytest.mark.parametrize("seed", range(5))
def test_the_optimum_of_core_is_that_of_its_groups(core: MetabolicNetwork, seed: int):
    check_optima(core, (core.bounds.lower, core.bounds.upper), seed)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_optimum_of_random_networks_is_that_of_their_groups(seed: int):
    network = random_network(seed)
    lower, upper = random_bounds(len(network.reactions), seed)
    assume(reduce(network, (lower, upper)).groups > 0)
    check_optima(network, (np.maximum(lower, -20), np.minimum(upper, 20)), seed)


def test_a_chain_is_one_group_with_the_ratios_of_its_coefficients():
    chain = toy_network({"EX_a": "a <=>", "r": "a -> 2 b", "s": "3 b -> c", "growth": "c ->"}, "growth")
    reduction = reduce(chain)
    assert (reduction.groups, reduction.matrix.shape, reduction.group.tolist()) == (1, (0, 1), [0, 0, 0, 0])
    assert (reduction.ratio / reduction.ratio[3]).tolist() == pytest.approx([-1.5, 1.5, 1.0, 1.0])
    assert np.abs(chain.stoichiometry.to_scipy() @ reduction.expansion).max() < 1e-12


@pytest.mark.parametrize("arrow", ["->", "<=>", "<-"])
def test_a_dead_end_is_no_group_and_takes_what_leads_to_it_along(arrow: str):
    dead = toy_network({"EX_a": "a <=>", "growth": "a ->", "to": "a <=> d", "end": f"d {arrow} e"}, "growth")
    reduction = reduce(dead)
    assert (reduction.group < 0).tolist() == [False, False, True, True]
    assert (reduction.groups, reduction.matrix.shape) == (1, (0, 1))


def test_bounds_block_what_the_network_alone_would_not():
    fork = toy_network(
        {"EX_a": "a <=>", "EX_b": "b <=>", "r": "a + b -> c", "s": "a -> c", "growth": "c ->"},
        "growth",
        {"EX_a": (-10, 0), "EX_b": (-10, 0)},
    )
    assert not (reduce(fork).group < 0).any()
    # Nothing brings b: what consumes it stands still, and the rest is one chain.
    lower, upper = fork.bounds.lower.copy(), fork.bounds.upper
    lower[1] = 0.0
    closed = reduce(fork, (lower, upper))
    assert closed.group.tolist() == [0, -1, -1, 0, 0]
    # Everything that touches b can only take it away.
    upper = upper.copy()
    upper[1] = 5.0
    assert reduce(fork, (lower, upper)).group.tolist() == [0, -1, -1, 0, 0]
    # Without any entry nothing is left at all.
    lower[0] = 0.0
    none = reduce(fork, (lower, upper))
    assert (none.groups, none.group.tolist()) == (0, [-1] * 5)
    assert none.expand(np.zeros((2, 0))).tolist() == [[0.0] * 5] * 2
    assert [bound.shape for bound in none.group_bounds(np.zeros((2, 5)), np.ones((2, 5)))] == [(2, 0), (2, 0)]


def test_a_flux_that_is_forced_into_a_dead_end_is_left_for_the_solver_to_refuse():
    forced = toy_network(
        {"EX_a": "a <=>", "growth": "a ->", "to": "a -> d"}, "growth", {"to": (1, 10), "EX_a": (-10, 0)}
    )
    bounds = forced.bounds.lower, forced.bounds.upper
    reduction = reduce(forced)
    assert reduction.group[2] >= 0
    full = optimum(forced.stoichiometry.to_scipy(), np.eye(3)[1], bounds)
    small = optimum(reduction.matrix, np.eye(3)[1] @ reduction.expansion, reduction.group_bounds(*bounds))
    assert full.status == small.status == "infeasible"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_infeasible_bounds_are_infeasible_for_the_groups_too(seed: int):
    network, rng = random_network(seed), np.random.default_rng(seed)
    lower, upper = random_bounds(len(network.reactions), seed)
    forced = rng.random(len(lower)) < 0.15
    lower, upper = np.where(forced, 1.0, np.maximum(lower, -9)), np.where(forced, 2.0, np.minimum(upper, 9))
    S, reduction = network.stoichiometry.to_scipy(), reduce(network, (lower, upper))
    full = optimum(S, np.zeros(len(lower)), (lower, upper))
    low, high = reduction.group_bounds(lower, upper)
    blocked = reduction.group < 0
    possible = bool(np.all(lower[blocked] <= 0) and np.all(upper[blocked] >= 0))
    small = optimum(reduction.matrix, np.zeros(reduction.groups), (low, high)).status if reduction.groups else "optimal"
    assert full.status == (small if possible else "infeasible")
