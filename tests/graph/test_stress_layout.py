import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.graph.stress_layout import pack, separate, stress_layout


def distances(places: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


def stress(graph: networkx.Graph, places: np.ndarray) -> float:
    wanted = np.asarray(networkx.floyd_warshall_numpy(graph))
    apart = wanted > 0
    return float(((distances(places)[apart] / wanted[apart] - 1) ** 2).sum())


def test_a_chain_becomes_a_line_and_its_distances_are_exact():
    places = stress_layout(networkx.path_graph(7))
    steps = np.arange(7)
    np.testing.assert_allclose(distances(places), abs(steps[:, None] - steps[None]), atol=0.02)
    # The longer way lies along x.
    assert np.ptp(places[:, 1]) < 0.05 * np.ptp(places[:, 0])


def test_a_cycle_becomes_a_ring():
    places = stress_layout(networkx.cycle_graph(12))
    radius = np.linalg.norm(places - places.mean(axis=0), axis=1)
    assert radius.std() < 0.02 * radius.mean()


@pytest.mark.parametrize("seed", range(3))
def test_stress_is_no_worse_than_that_of_the_spring_model_of_networkx(seed: int):
    graph = networkx.connected_watts_strogatz_graph(25, 4, 0.1, seed=seed)
    rival = networkx.kamada_kawai_layout(graph)
    rival = np.array([rival[node] for node in graph])
    wanted = np.asarray(networkx.floyd_warshall_numpy(graph))
    # Its scale is its own: give it the best.
    d = distances(rival)
    share = (d[wanted > 0] / wanted[wanted > 0]).sum() / ((d[wanted > 0] / wanted[wanted > 0]) ** 2).sum()
    assert stress(graph, stress_layout(graph)) < 1.1 * stress(graph, share * rival)


def test_leaves_of_one_node_do_not_coincide_and_the_same_comes_out_twice():
    star = networkx.star_graph(8)
    places = stress_layout(star)
    between = distances(places)[~np.eye(9, dtype=bool)]
    assert between.min() > 0.3
    np.testing.assert_array_equal(places, stress_layout(star))


@pytest.mark.parametrize("size", [1, 2])
def test_the_smallest_graphs_have_places(size: int):
    places = stress_layout(networkx.path_graph(size))
    assert places.shape == (size, 2)
    assert np.isfinite(places).all()


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
