"""Find the compartments outside the cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NAMES = frozenset({"e", "e0", "C_e", "out", "external", "medium", "environment"})
_PREFIXES = ("extracell", "extraorg", "externalmed")


def outside_compartments(crossings: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Return the compartments outside: those named so, else those that most exchanges belong to.

    Args:
        crossings: Id of every reaction that crosses the border, and the compartment of what it carries.

    >>> sorted(outside_compartments([("EX_a_e", "e"), ("DM_b_c", "c"), ("DM_d_c", "c")]))
    ['e']
    """
    named = frozenset(place for _, place in crossings if _sounds_outside(place))
    if named:
        return named
    exchanges = [place for name, place in crossings if name.startswith("EX_")] or [place for _, place in crossings]
    counts = Counter(exchanges)
    return frozenset(place for place, count in counts.items() if count == max(counts.values()))


def _sounds_outside(compartment: str) -> bool:
    letters = re.sub(r"[^a-z]", "", compartment.lower())
    return compartment in _NAMES or letters in _NAMES - {"e"} or letters.startswith(_PREFIXES)
