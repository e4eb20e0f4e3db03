import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metagnn.graph.curve import cut_end, cut_start, split_curve, straight

curves = st.lists(st.floats(-10, 10), min_size=8, max_size=8).map(lambda v: np.array(v).reshape(4, 2))
shares = st.floats(0, 1)


def point(curve: np.ndarray, share: float) -> np.ndarray:
    """By Bernstein's polynomials, where the code halves lines."""
    weights = [(1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3]
    return np.array(weights) @ curve


@given(curves, shares, shares)
def test_both_parts_lie_on_the_curve_and_meet(curve, cut, share):
    first, second = split_curve(curve, cut)
    np.testing.assert_allclose(point(first, share), point(curve, cut * share), atol=1e-9)
    np.testing.assert_allclose(point(second, share), point(curve, cut + (1 - cut) * share), atol=1e-9)
    np.testing.assert_array_equal(first[-1], second[0])


def test_a_straight_curve_runs_evenly():
    line = straight(np.array([0.0, 0.0]), np.array([3.0, 6.0]))
    np.testing.assert_allclose(point(line, 0.25), [0.75, 1.5])


def test_a_cut_ends_on_the_border_and_the_other_end_stays():
    curve = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 2.0], [4.0, 0.0]])

    def near_start(place: np.ndarray) -> bool:
        return bool(np.linalg.norm(place) < 1.0)

    cut = cut_start(curve, near_start)
    np.testing.assert_allclose(np.linalg.norm(cut[0]), 1.0, atol=1e-6)
    np.testing.assert_array_equal(cut[-1], curve[-1])
    np.testing.assert_allclose(cut_end(curve[::-1], near_start), cut[::-1])


def test_a_curve_that_starts_outside_or_never_leaves_is_kept():
    curve = straight(np.array([2.0, 0.0]), np.array([4.0, 0.0]))
    assert cut_start(curve, lambda place: False) is curve
    assert cut_start(curve, lambda place: True) is curve
