import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.least_norm import LeastNorm
from metagnn.fba.parsimonious import ParsimoniousOptimum
from metagnn.fba.plain_optimum import PlainOptimum
from tests.copies_and_threads import in_threads
from tests.fba.conftest import random_network


def _silent(done):
    pass


def _engine(method, S, growth, lower, upper):
    if method == "min_norm":
        return LeastNorm(S, np.eye(S.shape[1])[growth], np.arange(3))
    if method == "pfba":
        return ParsimoniousOptimum(S, growth, (lower < 0).any(axis=0), np.arange(3))
    return PlainOptimum(S, np.eye(S.shape[1])[growth], np.arange(3), (lower.min(axis=0), upper.max(axis=0)))


def _media(network, seed):
    """Media of which many meet: equal uptakes, none at all, and samples without some reactions."""
    rng = np.random.default_rng(seed)
    uptakes = rng.choice([0.0, 0.0, 1.0, 2.5, rng.uniform(0, 5)], (24, 3))
    uptakes[::2] = rng.uniform(0, 5, (12, 3))
    lower, upper = network.uptake_bounds(network.exchanges, uptakes)
    closed = rng.random(lower.shape) < 0.05
    closed[::3] = False
    lower[closed] = upper[closed] = 0.0
    return lower, upper


@pytest.mark.parametrize("method", ["fba", "pfba", "min_norm"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000_000))
def test_no_digit_and_no_status_depends_on_order_neighbours_or_history(method, seed):
    network = random_network(seed)
    S, growth = network.stoichiometry.to_scipy().tocsc(), len(network.reactions) - 1
    lower, upper = _media(network, seed)
    fluxes, status = _engine(method, S, growth, lower, upper).solve(lower, upper, _silent)
    other, order = _engine(method, S, growth, lower, upper), np.random.default_rng(seed).permutation(24)
    for part in (order[:1], order[1:9], order[9:], order):
        again, said = other.solve(lower[part], upper[part], _silent)
        assert said == [status[row] for row in part]
        assert np.array_equal(again, fluxes[part], equal_nan=True)
        assert not np.signbit(again[again == 0]).any() or method == "pfba"


def test_threads_that_share_an_engine_find_the_same_digits():
    network = random_network(3)
    S, growth = network.stoichiometry.to_scipy().tocsc(), len(network.reactions) - 1
    lower, upper = _media(network, 3)
    engine = _engine("min_norm", S, growth, lower, upper)
    expected, _ = engine.solve(lower, upper, _silent)
    for found, _ in in_threads(lambda part: engine.solve(lower[part], upper[part], _silent), [slice(0, 24)] * 8):
        assert np.array_equal(found, expected, equal_nan=True)
