"""Read maps drawn with Escher."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from metagnn.errors import InputError
from metagnn.graph.reaction_map import (
    MAIN_DOT,
    SIDE_DOT,
    Inside,
    MapMetabolite,
    MapReaction,
    MapSegment,
    ReactionMap,
    cut_end,
    cut_start,
    straight_curve,
)

LETTER = 24.0
"""Height of a letter in Escher's units, between its labels of metabolites and of reactions."""

LARGEST = 1e9
"""Largest coordinate of a map, in Escher's units."""


def read_escher_map(path: str | Path) -> ReactionMap:
    """Read an Escher map; only numbers and names are taken from the file, and nothing is downloaded.

    Arrows follow the coefficients stored with every reaction; without them, a positive flux runs from the first node of
    a segment to the second.

    Args:
        path: A JSON file `[header, {"reactions": …, "nodes": …, "canvas": …}]`, as Escher saves it (King et al.
            2015, doi 10.1371/journal.pcbi.1004321).

    Raises:
        InputError: The file is missing, not JSON, not an Escher map, or damaged; the message names the first damaged
            part.
    """
    header, body = _load(Path(path))
    reader = _Reader(str(path), body)
    nodes, reactions = reader.section("nodes"), reader.section("reactions")
    metabolites = {
        key: reader.metabolite(key, node) for key, node in nodes.items() if node.get("node_type") == "metabolite"
    }
    places = {key: reader.point(node, f"node {key!r}") for key, node in nodes.items()}
    return ReactionMap(
        name=str(header.get("map_name") or Path(path).stem),
        metabolites=tuple(metabolites.values()),
        reactions=tuple(reader.reaction(key, value, places, metabolites) for key, value in reactions.items()),
        letter=LETTER,
        dots=True,
    )


def _load(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if not path.is_file():
        raise InputError(f"no Escher map at '{path}'; expected a JSON file saved by Escher")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is not JSON, or is incomplete ({error}); expected a map saved by Escher") from error
    wanted = "expected an Escher map, [header, {'reactions': …, 'nodes': …}]"
    if not isinstance(content, list) or len(content) != 2 or not all(isinstance(part, dict) for part in content):
        model = isinstance(content, dict) and "reactions" in content
        raise InputError(f"'{path}' {'is a model, not a map' if model else 'holds something else'}; {wanted}")
    header, body = content
    return header, body


class _Reader:
    """A parser of maps that reports where a map is damaged."""

    def __init__(self, path: str, body: Mapping[str, Any]) -> None:
        self._path = path
        self._body = body

    def _refuse(self, where: str, what: str) -> InputError:
        return InputError(f"'{self._path}' is a damaged Escher map: {where} {what}")

    def section(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the nodes or the reactions."""
        section = self._body.get(name)
        if not isinstance(section, dict):
            raise self._refuse(f"`{name}`", "is missing" if section is None else "is not an object of ids")
        for key, value in section.items():
            if not isinstance(value, dict):
                raise self._refuse(f"{name.removesuffix('s')} {key!r}", "is not an object")
        return section

    def point(self, holder: Any, where: str, prefix: str = "") -> np.ndarray:
        """Read a point; turns Escher's downward y upward."""
        place = []
        for axis in "xy":
            value = holder.get(f"{prefix}{axis}") if isinstance(holder, dict) else None
            if not _is_number(value):
                raise self._refuse(where, f"has `{prefix}{axis}` {value!r}; expected a number")
            place.append(float(value))
        return np.array([1.0, -1.0]) * place

    def _name(self, holder: Mapping[str, Any], where: str) -> str:
        name = holder.get("bigg_id")
        if not isinstance(name, str) or not name:
            raise self._refuse(where, f"has `bigg_id` {name!r}; expected an identifier")
        return name

    def metabolite(self, key: str, node: Mapping[str, Any]) -> MapMetabolite:
        """Read a metabolite node."""
        where = f"node {key!r}"
        place = self.point(node, where)
        label = self.point(node, where, "label_") if "label_x" in node else place
        main = bool(node.get("node_is_primary", True))
        return MapMetabolite(self._name(node, where), (place[0], place[1]), (label[0], label[1]), main)

    def reaction(
        self,
        key: str,
        value: Mapping[str, Any],
        places: Mapping[str, np.ndarray],
        metabolites: Mapping[str, MapMetabolite],
    ) -> MapReaction:
        """Read a reaction; arrows point at metabolites and at loose ends, where matter enters or leaves."""
        name = self._name(value, f"reaction {key!r}")
        where = f"reaction {name!r}"
        pieces = value.get("segments")
        if not isinstance(pieces, dict) or not all(isinstance(piece, dict) for piece in pieces.values()):
            raise self._refuse(where, "has no `segments`")
        ends = [(str(p.get("from_node_id")), str(p.get("to_node_id"))) for p in pieces.values()]
        for node in (node for pair in ends for node in pair if node not in places):
            raise self._refuse(where, f"has a segment at node {node!r}, which is not among the `nodes`")
        signs = self._signs(value, where, ends, metabolites)
        segments = []
        for piece, (start, end) in zip(pieces.values(), ends, strict=True):
            curve = straight_curve(places[start], places[end])
            for row, control in ((1, "b1"), (2, "b2")):
                if piece.get(control) is not None:
                    curve[row] = self.point(piece[control], f"`{control}` of a segment of {where}")
            if start in metabolites:
                curve = cut_start(curve, _dot(metabolites[start]))
            if end in metabolites:
                curve = cut_end(curve, _dot(metabolites[end]))
            segments.append(MapSegment(curve, signs.get(start, 0), signs.get(end, 0)))
        if "label_x" in value:
            label = self.point(value, where, "label_")
        else:
            label = np.mean([s.curve.mean(axis=0) for s in segments], axis=0) if segments else np.zeros(2)
        return MapReaction(name, (float(label[0]), float(label[1])), tuple(segments))

    def _signs(
        self,
        value: Mapping[str, Any],
        where: str,
        ends: list[tuple[str, str]],
        metabolites: Mapping[str, MapMetabolite],
    ) -> dict[str, int]:
        """Return, for every end of a reaction, the sign of the flux that points there."""
        coefficients = self._coefficients(value, where)
        signs: dict[str, int] = {}
        for pair in ends:
            for node, by_order in zip(pair, (-1, 1), strict=True):
                if node in metabolites:
                    stored = coefficients.get(metabolites[node].id)
                    signs[node] = by_order if stored is None else int(np.sign(stored))
        seen = Counter(node for pair in ends for node in pair)
        sides = set(signs.values()) - {0}
        if len(sides) == 1:
            loose = [node for node, count in seen.items() if count == 1 and node not in metabolites]
            signs |= dict.fromkeys(loose, -sides.pop())
        return signs

    def _coefficients(self, value: Mapping[str, Any], where: str) -> dict[str, float]:
        stored = value.get("metabolites", [])
        # Early releases of Escher store an object of objects, later ones a list.
        entries = (
            [{"bigg_id": name, **entry} for name, entry in stored.items() if isinstance(entry, dict)]
            if isinstance(stored, dict)
            else stored
        )
        coefficients = {}
        for entry in entries if isinstance(entries, list) else []:
            number = entry.get("coefficient") if isinstance(entry, dict) else None
            if not _is_number(number):
                raise self._refuse(where, f"has a metabolite with `coefficient` {number!r}; expected a number")
            coefficients[self._name(entry, where)] = float(number)
        return coefficients


def _is_number(value: Any) -> TypeGuard[float]:
    # Exclude infinity: it is not JSON, but Python's reader accepts it.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST


def _dot(metabolite: MapMetabolite) -> Inside:
    radius = LETTER * (MAIN_DOT if metabolite.main else SIDE_DOT)
    return lambda point: bool(np.linalg.norm(point - metabolite.position) < radius)
