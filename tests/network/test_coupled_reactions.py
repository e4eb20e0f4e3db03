import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork
from metagnn.network.compression import compress
from metagnn.network.coupled_reactions import CoupledReactions, join_ties
from metagnn.network.reduction import reduce_network
from metagnn.testing import random_network
from tests.copies_and_threads import COPIES


def reduce(network: MetabolicNetwork) -> CoupledReactions:
    return reduce_network(network.stoichiometry.to_scipy(), network.bounds.lower, network.bounds.upper)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_expanding_is_the_product_with_the_expansion_and_nan_stays(seed: int):
    reduction, rng = reduce(random_network(seed)), np.random.default_rng(seed)
    values = rng.normal(size=(3, 2, reduction.groups))
    fluxes = reduction.expand(values)
    assert fluxes == pytest.approx(values @ reduction.expansion.T)
    assert np.array_equal(np.flatnonzero(reduction.expansion.any(axis=1)), reduction.moving)
    if reduction.groups:
        values[1, 0, -1] = np.nan
        found = reduction.expand(values)
        assert np.isnan(found[1, 0]).all()
        found[1, 0] = fluxes[1, 0]
        assert np.array_equal(found, fluxes)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_other_units_change_no_flux_no_balance_and_no_bound(seed: int):
    reduction, rng = reduce(random_network(seed)), np.random.default_rng(seed)
    size = np.exp(rng.normal(size=reduction.groups)) * rng.choice([-1.0, 1.0], reduction.groups)
    other, values = reduction.rescale(size), rng.normal(size=(4, reduction.groups))
    assert other.expand(values * size) == pytest.approx(reduction.expand(values))
    assert other.matrix @ (values * size).T == pytest.approx(reduction.matrix @ values.T)
    lower, upper = (sign * rng.choice([0.0, 1.0, 7.0, np.inf], len(reduction.group)) for sign in (-1.0, 1.0))
    low, high = (bound * size for bound in reduction.group_bounds(lower, upper))
    ends = np.where(size > 0, low, high), np.where(size > 0, high, low)
    for found, expected in zip(other.group_bounds(lower, upper), ends, strict=True):
        assert found == pytest.approx(expected)


def test_merging_follows_both_steps():
    groups = CoupledReactions(
        np.array([0, 1, -1, 2, 1]), np.array([1.0, 2.0, 0.0, -1.0, 0.5]), scipy.sparse.csc_array([[1.0, -2.0, 3.0]])
    )
    merged = groups.merge(np.array([0, 0, -1]), np.array([1.0, -4.0, 0.0]))
    assert merged.group.tolist() == [0, 0, -1, -1, 0]
    assert merged.ratio.tolist() == [1.0, -8.0, 0.0, 0.0, -2.0]
    assert merged.matrix.toarray().tolist() == [[9.0]]
    assert merged.groups_with(np.array([1, 2, 4])).tolist() == [0]


def test_keeping_all_leaves_every_flux_as_it_is(core: MetabolicNetwork):
    S = core.stoichiometry.to_scipy().tocsc()
    everything = CoupledReactions.keep_all(S)
    bounds = core.bounds.lower, core.bounds.upper
    assert all(map(np.array_equal, everything.group_bounds(*bounds), bounds))
    assert np.array_equal(everything.expand(bounds[1]), bounds[1])
    assert everything.groups == len(core.reactions)


@pytest.mark.parametrize("make", [reduce, lambda network: compress(network.stoichiometry).coupled])
def test_a_copy_is_the_same_record(core: MetabolicNetwork, make):
    groups = make(core)
    for duplicate in COPIES:
        other = duplicate(groups)
        assert np.array_equal(other.group, groups.group)
        assert np.array_equal(other.ratio, groups.ratio)
        assert np.array_equal(other.matrix.toarray(), groups.matrix.toarray())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_bounds_of_a_group_are_the_intersection_of_its_members(seed: int):
    network, rng = random_network(seed), np.random.default_rng(seed)
    reduction = reduce(network)
    lower = -rng.choice([0.0, 1.0, 7.0, np.inf], (3, 2, len(network.reactions)))
    upper = rng.choice([0.0, 1.0, 7.0, np.inf], lower.shape)
    low, high = reduction.group_bounds(lower, upper)
    assert low.shape == high.shape == (3, 2, reduction.groups)
    for place in np.ndindex(low.shape):
        *sample, group = place
        ends = []
        for member in np.flatnonzero(reduction.group == group):
            here = (*sample, member)
            ends.append(sorted(bound[here] / reduction.ratio[member] for bound in (lower, upper)))
        assert (low[place], high[place]) == (max(a for a, _ in ends), min(b for _, b in ends))


def test_only_bounds_that_rounding_has_parted_are_joined():
    low, high = np.array([0.3 + 1e-13, 0.3, 2.0, -np.inf]), np.array([0.3, 0.4, 1.0, np.inf])
    joined = join_ties(low, high)
    assert np.array_equal(joined[0], low)
    assert joined[1].tolist() == [low[0], 0.4, 1.0, np.inf]
    assert join_ties(low, high, tie=0.5)[1][2] == 2.0
