import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metagnn.errors import InputError
from metagnn.graph.escher_map import LETTER, read_escher_map
from metagnn.graph.reaction_map import MAIN_DOT, SIDE_DOT, MapReaction, ReactionMap

HEADER = {
    "map_name": "two steps",
    "map_id": "",
    "map_description": "",
    "homepage": "https://escher.github.io",
    "schema": "https://escher.github.io/escher/jsonschema/1-0-0#",
}


def metabolite(name: str, x: float, y: float, main: bool = True) -> dict[str, Any]:
    return {
        "node_type": "metabolite", "bigg_id": name, "name": "", "x": x, "y": y,
        "label_x": x + 10, "label_y": y - 10, "node_is_primary": main,
    }  # fmt: skip


def segment(start: str, end: str, b1: Any = None, b2: Any = None) -> dict[str, Any]:
    return {"from_node_id": start, "to_node_id": end, "b1": b1, "b2": b2}


def escher() -> list[Any]:
    """The exchange of a, and a + 2 atp → b with a bent side branch, in the layout of Escher's files."""
    nodes = {
        "1": metabolite("a_c", 0, 0),
        "2": metabolite("b_c", 400, 0),
        "3": metabolite("atp_c", 100, 80, main=False),
        "4": {"node_type": "multimarker", "x": 150, "y": 0},
        "5": {"node_type": "midmarker", "x": 200, "y": 0},
        "6": {"node_type": "midmarker", "x": 0, "y": -200},
    }
    step = {
        "bigg_id": "STEP", "name": "", "reversibility": True, "label_x": 210, "label_y": 30, "genes": [],
        "gene_reaction_rule": "",
        "metabolites": [
            {"bigg_id": "a_c", "coefficient": -1}, {"bigg_id": "atp_c", "coefficient": -2.0},
            {"bigg_id": "b_c", "coefficient": 1},
        ],
        # Escher draws from the marker or towards it, as it came: the order says nothing.
        "segments": {
            "11": segment("4", "1"), "12": segment("4", "5"), "13": segment("5", "2"),
            "14": segment("3", "4", {"x": 100, "y": 40}, {"x": 130, "y": 0}),
        },
    }  # fmt: skip
    exchange = {
        "bigg_id": "EX_a_e", "name": "", "reversibility": True, "label_x": 10, "label_y": -150, "genes": [],
        "gene_reaction_rule": "", "metabolites": [{"bigg_id": "a_c", "coefficient": -1.0}],
        "segments": {"21": segment("1", "6")},
    }  # fmt: skip
    canvas = {"x": -100, "y": -300, "width": 700, "height": 500}
    return [HEADER, {"nodes": nodes, "reactions": {"7": step, "8": exchange}, "text_labels": {}, "canvas": canvas}]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[object], ReactionMap]:
    def write_and_read(content: object) -> ReactionMap:
        path = tmp_path / "map.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_escher_map(path)

    return write_and_read


def reaction(drawing: ReactionMap, name: str) -> MapReaction:
    (found,) = (reaction for reaction in drawing.reactions if reaction.id == name)
    return found


def test_names_and_places_are_those_of_the_file_with_y_upwards(read):
    drawing = read(escher())
    assert drawing.name == "two steps"
    assert [(m.id, m.position, m.main) for m in drawing.metabolites] == [
        ("a_c", (0.0, 0.0), True), ("b_c", (400.0, 0.0), True), ("atp_c", (100.0, -80.0), False),
    ]  # fmt: skip
    assert drawing.metabolites[0].label == (10.0, 10.0)
    assert reaction(drawing, "STEP").label == (210.0, -30.0)
    assert drawing.dots
    assert drawing.left_out == ()


def test_curves_are_those_of_the_file_and_end_at_the_dots(read):
    to_a, between, to_b, from_atp = (s.curve for s in reaction(read(escher()), "STEP").segments)
    np.testing.assert_allclose(between[[0, -1]], [[150, 0], [200, 0]])
    np.testing.assert_allclose(to_a[[0, -1]], [[150, 0], [MAIN_DOT * LETTER, 0]], atol=1e-4)
    np.testing.assert_allclose(to_b[-1], [400 - MAIN_DOT * LETTER, 0], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(from_atp[0] - [100, -80]), SIDE_DOT * LETTER, atol=1e-4)
    # Where the curve is not cut, its handle is the file's.
    np.testing.assert_allclose(from_atp[-1], [150, 0])
    assert (from_atp[2] - from_atp[3])[1] == pytest.approx(0.0, abs=1.5)


def test_arrows_follow_the_coefficients_whatever_the_order_of_a_segment(read):
    signs = [(s.start, s.end) for s in reaction(read(escher()), "STEP").segments]
    assert signs == [(0, -1), (0, 0), (0, 1), (-1, 0)]
    flipped = escher()
    for piece in flipped[1]["reactions"]["7"]["segments"].values():
        piece["from_node_id"], piece["to_node_id"] = piece["to_node_id"], piece["from_node_id"]
    assert [(s.end, s.start) for s in reaction(read(flipped), "STEP").segments] == signs


def test_matter_enters_and_leaves_at_a_loose_end(read):
    (piece,) = reaction(read(escher()), "EX_a_e").segments
    assert (piece.start, piece.end) == (-1, 1)


def test_without_coefficients_a_positive_flux_runs_along_the_segments(read):
    content = escher()
    for value in content[1]["reactions"].values():
        del value["metabolites"], value["label_x"], value["label_y"]
    drawing = read(content)
    # The first segment begins at a marker and ends at the metabolite.
    assert [(s.start, s.end) for s in reaction(drawing, "STEP").segments] == [(0, 1), (0, 0), (0, 1), (-1, 0)]
    assert np.isfinite(reaction(drawing, "STEP").label).all()


def test_the_first_format_of_metabolites_is_read_too(read):
    content = escher()
    step = content[1]["reactions"]["7"]
    step["metabolites"] = {entry["bigg_id"]: {"coefficient": entry["coefficient"]} for entry in step["metabolites"]}
    assert [s.end for s in reaction(read(content), "STEP").segments] == [-1, 0, 1, 0]


def damage(change: Callable[[Any], object]) -> list[Any]:
    content = copy.deepcopy(escher())
    change(content)
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON, or is incomplete"),
        (json.dumps(escher())[:-40], "is not JSON, or is incomplete"),
        ("\udce4", "is not JSON"),
        ([1, 2], "holds something else; expected an Escher map"),
        ({"reactions": [], "metabolites": []}, "is a model, not a map"),
        (damage(lambda c: c[1].pop("nodes")), "`nodes` is missing"),
        (damage(lambda c: c[1].update(reactions=[])), "`reactions` is not an object of ids"),
        (damage(lambda c: c[1]["nodes"].update({"1": 3})), "node '1' is not an object"),
        (damage(lambda c: c[1]["nodes"]["4"].pop("x")), "node '4' has `x` None; expected a number"),
        (damage(lambda c: c[1]["nodes"]["4"].update(y="left")), "node '4' has `y` 'left'"),
        (damage(lambda c: c[1]["nodes"]["4"].update(y=float("nan"))), "node '4' has `y` nan"),
        (damage(lambda c: c[1]["nodes"]["1"].pop("bigg_id")), "node '1' has `bigg_id` None"),
        (damage(lambda c: c[1]["nodes"].pop("5")), "reaction 'STEP' has a segment at node '5', which is not among"),
        (damage(lambda c: c[1]["reactions"]["7"].pop("segments")), "reaction 'STEP' has no `segments`"),
        (damage(lambda c: c[1]["reactions"]["7"].update(bigg_id="")), "reaction '7' has `bigg_id` ''"),
        (damage(lambda c: c[1]["reactions"]["7"]["segments"]["14"]["b1"].pop("y")), "`b1` of a segment of reaction 'S"),
        (damage(lambda c: c[1]["reactions"]["7"]["metabolites"][0].pop("coefficient")), "`coefficient` None"),
    ],
)  # fmt: skip
def test_a_damaged_map_is_refused_and_the_place_named(tmp_path: Path, content: object, message: str):
    path = tmp_path / "map.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message) as refused:
        read_escher_map(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_map_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no Escher map at"):
        read_escher_map(tmp_path / "none.json")
