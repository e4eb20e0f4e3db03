"""Parse the headers of measured columns: quantity, direction, unit, replicate."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from metagnn.rate_unit import RateUnit, split_unit, without_unit

GROWTH_WORDS = ("growth", "mu", "µ", "μ", "growth_rate", "specific_growth_rate")
DILUTION_WORDS = ("dilution_rate", "dilution", "d")
BIOMASS_WORDS = ("biomass", "x", "cdw", "dcw", "dry_weight", "cell_dry_weight", "biomass_concentration")
TIME_WORDS = ("time", "t")
ACRONYMS = {
    "our": ("o2", "uptake"),
    "otr": ("o2", "uptake"),
    "cer": ("co2", "secretion"),
    "cpr": ("co2", "secretion"),
    "ctr": ("co2", "secretion"),
    "gur": ("glucose", "uptake"),
}
UPTAKE_WORDS = ("uptake", "consumption", "consumed", "utilization", "utilisation")
SECRETION_WORDS = ("evolution", "formation", "secretion", "production", "excretion", "release", "produced")
FEED_WORDS = ("feed", "inlet", "in")
BROTH_WORDS = ("residual", "broth", "outlet", "out", "conc", "concentration")
IDLE_WORDS = ("rate", "specific", "volumetric")

UPTAKE, SECRETION = "uptake", "secretion"
GROWTH, DILUTION, BIOMASS, TIME, RQ, SUBSTANCE = "growth", "dilution", "biomass", "time", "rq", "substance"


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
        TableError: Brackets that hold no unit.
    """
    name, deviation, replicate = _cut_role(text.strip())
    if name not in ids:
        name, unit = split_unit(name) if unit is None else (without_unit(name), unit)
    name, inner_deviation, inner_replicate = _cut_role(name)
    header = ColumnHeader(text, SUBSTANCE, name, unit=unit, deviation=deviation or inner_deviation)
    header = replace(header, replicate=replicate if replicate is not None else inner_replicate)
    return header if name in ids else _in_words(header, name)


def _cut_role(name: str) -> tuple[str, bool, int | None]:
    """Cut the marks of a deviation and of a replicate from a name."""
    deviation = _DEVIATION.search(name)
    name = name[: deviation.start()] if deviation else name
    replicate = _REPLICATE.search(name)
    return (name[: replicate.start()] if replicate else name), bool(deviation), int(replicate[1]) if replicate else None


def _in_words(header: ColumnHeader, name: str) -> ColumnHeader:
    joined = re.sub(r"[\s_]+", "_", name.strip()).lower()
    for kind, words in (
        (GROWTH, GROWTH_WORDS),
        (DILUTION, DILUTION_WORDS),
        (BIOMASS, BIOMASS_WORDS),
        (TIME, TIME_WORDS),
    ):
        if joined in words:
            return replace(header, kind=kind, subject=kind)
    if joined == "rq":
        return replace(header, kind=RQ, subject="rq")
    if joined in ACRONYMS:
        subject, direction = ACRONYMS[joined]
        return replace(header, subject=subject, direction=direction)
    kept, direction, place = [], "", ""
    for word in re.split(r"[\s_]+", name.strip()):
        lowered = word.lower()
        if lowered in UPTAKE_WORDS:
            direction = UPTAKE
        elif lowered in SECRETION_WORDS:
            direction = SECRETION
        elif lowered in FEED_WORDS:
            place = "feed"
        elif lowered not in (*IDLE_WORDS, *BROTH_WORDS):
            kept.append(word)
    subject = "_".join(kept)
    # Cut the q of qO2 and q_glc, but not that of "quinate".
    if re.match(r"^(q_|q(?=[A-Z]))", subject):
        subject = subject[1:].lstrip("_")
    return replace(header, subject=subject or name, direction=direction, place=place)
