import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.graph.boxes import pack, separate


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), boxes=st.integers(1, 20))
def test_separated_boxes_do_not_overlap_and_free_ones_stay(seed: int, boxes: int):
    rng = np.random.default_rng(seed)
    places, sizes = rng.normal(size=(boxes, 2)), rng.uniform(0.2, 1.0, size=(boxes, 2))
    reach = (sizes[:, None] + sizes[None]) / 2
    apart = separate(places, reach)
    gap = np.abs(apart[:, None] - apart[None])
    overlap = (gap < reach - 1e-6).all(axis=-1)
    np.fill_diagonal(overlap, False)
    assert not overlap.any()
    np.testing.assert_array_equal(separate(apart, reach), apart)


def test_boxes_on_one_spot_part():
    apart = separate(np.zeros((2, 2)), np.ones((2, 2, 2)))
    assert np.abs(apart[0] - apart[1]).max() >= 1 - 1e-9


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), boxes=st.integers(0, 20))
def test_packed_boxes_do_not_overlap(seed: int, boxes: int):
    sizes = np.random.default_rng(seed).uniform(0.1, 3.0, size=(boxes, 2))
    low = pack(sizes, 1.5)
    for one in range(boxes):
        for other in range(one):
            shared = np.minimum((low + sizes)[one], (low + sizes)[other]) - np.maximum(low[one], low[other])
            assert (shared < 1e-9).any()
