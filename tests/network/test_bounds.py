import numpy as np
import pytest

from metagnn.errors import NetworkError
from metagnn.network import FluxBounds
from metagnn.network.bounds import without_limits
from tests.copies_and_threads import assert_copies_are_the_same


def bounds() -> FluxBounds:
    return FluxBounds(("r", "s"), np.array([-1.0, 0.0]), np.array([2.0, np.inf]))


def test_changes_return_new_bounds_and_the_old_stay():
    old = bounds()
    new = old.replace({1: (3.0, 4.0)})
    assert (new.lower.tolist(), new.upper.tolist()) == ([-1.0, 3.0], [2.0, 4.0])
    assert (old.lower.tolist(), old.upper.tolist()) == ([-1.0, 0.0], [2.0, np.inf])
    assert (old.close([0]).lower.tolist(), old.close([0]).upper.tolist()) == ([0.0, 0.0], [0.0, np.inf])


def test_bounds_do_not_share_memory_and_cannot_be_written():
    source = np.array([-1.0, 0.0])
    kept = FluxBounds(("r", "s"), source, np.array([2.0, 3.0]))
    source[0] = 9.0
    assert kept.lower[0] == -1.0
    with pytest.raises(ValueError, match="read-only"):
        kept.lower[0] = 0.0


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([0.0, 3.0], [1.0, 2.0], r"bounds of 's' are \[3, 2\]; expected numbers with lower ≤ upper"),
        ([np.nan, 0.0], [1.0, 2.0], "bounds of 'r' are"),
        ([0.0, 0.0], [1.0, np.nan], "bounds of 's' are"),
        ([0.0], [1.0, 2.0], r"`lower` has shape \(1,\); expected \(2,\)"),
    ],
)
def test_bounds_that_contradict_are_refused(lower, upper, message):
    with pytest.raises(NetworkError, match=message):
        FluxBounds(("r", "s"), np.array(lower), np.array(upper))


@pytest.mark.parametrize(
    ("lower", "upper", "size"),
    [
        ([-1000.0, 0.0], [1000.0, 10.0], 1000.0),
        ([-np.inf, 0.0], [1e6, 10.0], 1000.0),
        ([-50.0, 0.0], [20.0, 10.0], 50.0),
    ],
)
def test_unlimited_is_a_thousand_or_the_widest(lower, upper, size):
    assert FluxBounds(("r", "s"), np.array(lower), np.array(upper)).unlimited == size


def test_bounds_of_the_size_of_none_are_infinite_and_others_stay():
    low, high = without_limits(np.array([-1e3, -999.0, 1e3, -np.inf]), np.array([1e6, 999.0, 2e3, -1e3]), 1000.0)
    assert low.tolist() == [-np.inf, -999.0, 1000.0, -np.inf]
    assert high.tolist() == [np.inf, 999.0, np.inf, -1000.0]


def test_copies_are_the_same_and_read_only_too():
    assert_copies_are_the_same(FluxBounds(("a", "b"), np.array([-1.0, -np.inf]), np.array([1.0, np.inf])))
