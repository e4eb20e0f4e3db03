import numpy as np

from metagnn.graph.reaction_map import MapMetabolite, MapReaction, MapSegment, ReactionMap


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
