"""Parse the headers of measured columns: quantity, direction, unit, replicate."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from metagnn.network.vocabulary.header_words import SUBSTANCE, read_words
from metagnn.rate_unit import RateUnit, split_unit, without_unit


@dataclass(frozen=True)
class ColumnHeader:
    """A parsed header.

    Attributes:
        text: The column's name.
        kind: "growth", "dilution", "biomass", "time", "rq" or "substance".
        subject: The substance, in the words of the header, or a reaction id.
        direction: "uptake", "secretion", or "" if the header does not say.
        place: "feed" for a concentration in the feed, else "".
        unit: Its unit; None if it has none.
        deviation: Whether the column holds standard deviations.
        replicate: Number of the replicate; None if the header names none.
    """

    text: str
    kind: str
    subject: str = ""
    direction: str = ""
    place: str = ""
    unit: RateUnit | None = None
    deviation: bool = False
    replicate: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Key that replicates and standard deviations share with their values."""
        return self.kind, self.subject.lower(), self.direction, self.place


_DEVIATION = re.compile(r"[_\s](std|sd|stdev|standard_deviation)$", re.IGNORECASE)
_COMPARTMENT = re.compile(r"[\[(](?:e0?|extracellular)[\])]$")
_REPLICATE = re.compile(r"[_\s](?:rep|replicate|r)[_\s]?(\d+)$", re.IGNORECASE)


def parse_header(text: str, ids: frozenset[str] = frozenset(), unit: RateUnit | None = None) -> ColumnHeader:
    """Parse a header.

    Args:
        text: The header.
        ids: Reaction ids; a header that is one is not split into words.
        unit: The unit; it replaces that of the header.

    >>> header = parse_header("glucose_uptake_g_per_gDW_h_std")
    >>> header.subject, header.direction, header.unit.quantity, header.deviation
    ('glucose', 'uptake', 'specific', True)

    Raises:
        TableError: Brackets that hold no unit, or words for uptake and for secretion.
    """
    name, deviation, replicate = _cut_role(text.strip())
    if name not in ids and not _COMPARTMENT.search(name):
        name, unit = split_unit(name) if unit is None else (without_unit(name), unit)
    name, inner_deviation, inner_replicate = _cut_role(name)
    header = ColumnHeader(text, SUBSTANCE, name, unit=unit, deviation=deviation or inner_deviation)
    header = replace(header, replicate=replicate if replicate is not None else inner_replicate)
    if name in ids:
        return header
    words = read_words(name)
    return replace(header, kind=words.kind, subject=words.subject, direction=words.direction, place=words.place)


def _cut_role(name: str) -> tuple[str, bool, int | None]:
    """Cut the marks of a deviation and of a replicate from a name."""
    deviation = _DEVIATION.search(name)
    name = name[: deviation.start()] if deviation else name
    replicate = _REPLICATE.search(name)
    return (name[: replicate.start()] if replicate else name), bool(deviation), int(replicate[1]) if replicate else None
