"""Read formulas, whole or not at all."""

from __future__ import annotations

import re

from metagnn.network.elements import CHEMICAL_ELEMENTS

_ATOM = re.compile(r"([A-Z][a-z]?)([0-9]+\.?[0-9]*|\.[0-9]+)?")
_SYMBOLS = CHEMICAL_ELEMENTS | {"R", "X"}
"""Elements, and the two letters by which models leave a part of a molecule open."""

MOST_LETTERS = 1000
"""Longest formula to be read."""

MOST_ATOMS = 1e9
"""Atoms of an element from which on a formula is none of a molecule."""


def read_formula(text: object) -> dict[str, float] | None:
    """Return the atoms of every element, or None if any part of the text is not understood.

    Spellings with ";" between them count where they agree. A residue (R, X) is a part of the answer; `Metabolite`
    then says that it is not complete.

    Args:
        text: What stands in the model.

    >>> read_formula("C6H12O6"), read_formula("C6H12O6*"), read_formula("(C6H10O5)n")
    ({'C': 6.0, 'H': 12.0, 'O': 6.0}, None, None)
    """
    if not isinstance(text, str) or len(text) > MOST_LETTERS:
        return None
    spellings = [_read_one(part.strip()) for part in text.split(";")]
    return spellings[0] if spellings[0] and all(other == spellings[0] for other in spellings) else None


def _read_one(text: str) -> dict[str, float] | None:
    counts: dict[str, float] = {}
    place = 0
    while place < len(text):
        match = _ATOM.match(text, place)
        if match is None or match[1] not in _SYMBOLS:
            return None
        counts[match[1]] = counts.get(match[1], 0.0) + float(match[2] or 1)
        place = match.end()
    if any(count >= MOST_ATOMS for count in counts.values()):
        return None
    return {element: count for element, count in counts.items() if count} or None
