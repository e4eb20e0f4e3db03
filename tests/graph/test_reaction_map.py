import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metagnn.graph.reaction_map import (
    MapMetabolite,
    MapReaction,
    MapSegment,
    ReactionMap,
    cut_end,
    cut_start,
    straight_curve,
)

coordinates = st.integers(-1000, 1000).map(lambda value: value / 100)
curves = st.lists(coordinates, min_size=8, max_size=8).map(lambda values: np.array(values).reshape(4, 2))


def test_the_extent_holds_nodes_labels_and_curves():
    curve = np.array([[0.0, 0.0], [1.0, 7.0], [2.0, 0.0], [3.0, 0.0]])
    drawing = ReactionMap(
        "map",
        (MapMetabolite("a", (0.0, 0.0), (-2.0, 1.0)),),
        (MapReaction("r", (1.5, -4.0), (MapSegment(curve),)),),
        letter=1.0,
    )
    assert drawing.extent == (-2.0, 3.0, -4.0, 7.0)


def test_an_empty_map_has_an_extent():
    assert ReactionMap("map", (), (), letter=1.0).extent == (0.0, 1.0, 0.0, 1.0)


def point(curve: np.ndarray, share: float) -> np.ndarray:
    """By Bernstein's polynomials, where the code halves lines."""
    weights = [(1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3]
    return np.array(weights) @ curve


@given(curves)
def test_what_is_left_of_a_curve_lies_on_it(curve):
    """The box is a circle around the start that the end does not lie in."""
    radius = np.linalg.norm(curve[-1] - curve[0]) / 2
    cut = cut_start(curve, lambda place: bool(np.linalg.norm(place - curve[0]) < radius))
    if radius == 0:
        assert cut is curve
        return
    assert np.linalg.norm(cut[0] - curve[0]) == pytest.approx(radius, abs=1e-4)
    np.testing.assert_array_equal(cut[-1], curve[-1])
    on_curve = np.array([point(curve, share) for share in np.linspace(0, 1, 2001)])
    for share in np.linspace(0, 1, 5):
        assert np.linalg.norm(on_curve - point(cut, share), axis=1).min() < 0.05


def test_a_straight_curve_runs_evenly():
    line = straight_curve(np.array([0.0, 0.0]), np.array([3.0, 6.0]))
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
    curve = straight_curve(np.array([2.0, 0.0]), np.array([4.0, 0.0]))
    assert cut_start(curve, lambda place: False) is curve
    assert cut_start(curve, lambda place: True) is curve
