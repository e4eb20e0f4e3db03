"""Read JSON and YAML: a model as nested dicts and lists."""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Mapping
from typing import Any

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import MOST_ENTRIES, DraftMetabolite, DraftReaction, ModelDraft

_ORDERED_MAP = "tag:yaml.org,2002:omap"
_NOTHING = ("", "~", "null", "None", "nan", "NaN")


def read_json(content: bytes) -> ModelDraft:
    """Return the draft of a JSON document.

    Raises:
        ValueError: No JSON, no model in it, or an entry without an id.
        NetworkError: A reaction whose metabolites are no dict.
    """
    return read_document(json.loads(content.decode("utf-8-sig")))


def read_yaml(content: bytes) -> ModelDraft:
    """Return the draft of a YAML document, plain or with ordered maps, as cobra and RAVEN write them.

    Raises:
        yaml.YAMLError: No YAML.
        ValueError: No model in it, or an entry without an id.
        NetworkError: A reaction whose metabolites are no dict.
    """
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    # Every node is kept until the end: looking for garbage among them costs five times the parsing.
    collects = gc.isenabled()
    gc.disable()
    try:
        document = _Plain(len(content))(yaml.compose(content, loader))
    finally:
        if collects:
            gc.enable()
    if isinstance(document, list) and all(isinstance(part, dict) for part in document):
        document = {key: value for part in document for key, value in part.items()}
    draft = read_document(document)
    for metabolite in draft.metabolites:
        # Here every charge is a text.
        with contextlib.suppress(TypeError, ValueError):
            metabolite.charge = float(metabolite.charge)  # type: ignore[arg-type]
    return draft


class _Plain:
    """Turns nodes of YAML into dicts, lists and texts; ordered maps into dicts, and words for nothing into None.

    Scalars stay texts: YAML 1.1 would make the formula NO a False and 1e-05 a word.

    Args:
        most: Most nodes to visit. A document has no more than letters, but for anchors that unfold without end.
    """

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self, node: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise NetworkError("its anchors unfold to more than the file holds")
        if node is None or node.id == "scalar":
            return None if node is None or node.value in _NOTHING else node.value
        if node.id == "mapping":
            return {key.value: self(value) for key, value in node.value}
        if node.tag == _ORDERED_MAP:
            return {key.value: self(value) for item in node.value for key, value in item.value}
        return [self(item) for item in node.value]


def read_document(document: Any) -> ModelDraft:
    """The draft of a document as cobra writes it.

    Args:
        document: A dict with the lists "metabolites" and "reactions".

    Raises:
        ValueError: Something else, or an entry without an id.
        NetworkError: A reaction whose metabolites are no dict.
    """
    if not isinstance(document, Mapping) or "reactions" not in document or "metabolites" not in document:
        raise ValueError("it holds no 'reactions' and 'metabolites'")
    about = document.get("metaData") or {}
    name = document.get("id") or (about.get("id") if isinstance(about, Mapping) else None)
    return ModelDraft(
        str(name or ""),
        [_metabolite(*entry) for entry in _entries(document, "metabolites")],
        [_reaction(*entry) for entry in _entries(document, "reactions")],
        frozenset(name for name, _ in _entries(document, "genes")),
    )


def _entries(document: Mapping, kind: str) -> list[tuple[str, Mapping]]:
    entries = document.get(kind) or []
    if not isinstance(entries, list):
        raise ValueError(f"its {kind!r} are no list")
    if len(entries) > MOST_ENTRIES:
        raise NetworkError(f"it holds {len(entries):,} {kind}; expected {MOST_ENTRIES:,} at most")
    found = []
    for position, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or entry.get("id") in (None, ""):
            raise ValueError(f"entry {position} of its {kind!r} has no id")
        found.append((str(entry["id"]), entry))
    return found


def _metabolite(name: str, entry: Mapping) -> DraftMetabolite:
    return DraftMetabolite(
        name,
        _text(entry, "name"),
        _text(entry, "compartment"),
        entry.get("formula"),
        entry.get("charge"),
        annotation=entry.get("annotation"),
    )


def _reaction(name: str, entry: Mapping) -> DraftReaction:
    coefficients = entry.get("metabolites") or {}
    if not isinstance(coefficients, Mapping):
        raise NetworkError(f"the metabolites of reaction {name!r} are {coefficients!r}; expected id: coefficient")
    rule = entry.get("gene_reaction_rule")
    return DraftReaction(
        name,
        {str(metabolite): value for metabolite, value in coefficients.items()},
        entry.get("lower_bound"),
        entry.get("upper_bound"),
        _text(entry, "name"),
        _text(entry, "subsystem"),
        None if rule is None else str(rule),
        entry.get("objective_coefficient") or 0.0,
        # Without bounds cobra lets a reaction run forward only.
        str(entry.get("reversibility")).lower() == "true",
        invented=_looks_invented(name, entry, coefficients),
    )


def _looks_invented(name: str, entry: Mapping, coefficients: Mapping) -> bool:
    """Whether it is the exchange that cobra adds for a boundary species, saved with the model."""
    annotation = entry.get("annotation") or {}
    return (
        len(coefficients) == 1
        and [f"EX_{metabolite}" for metabolite in coefficients] == [name] == [entry.get("name")]
        and isinstance(annotation, Mapping)
        and dict(annotation) == {"sbo": "SBO:0000627"}
    )


def _text(entry: Mapping, key: str) -> str:
    value = entry.get(key)
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)
