"""The words around the name of a substance: what is measured of it, and which way it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metagnn.errors import TableError
from metagnn.network.vocabulary.compound import vocabulary

GROWTH_WORDS = (
    *("growth", "mu", "µ", "μ", "growth_rate", "growthrate", "specific_growth_rate", "specific_growth"),
    *("mu_max", "mumax", "biomass_growth", "biomass_growth_rate"),
)
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
    "gcr": ("glucose", "uptake"),
    "lpr": ("lactate", "secretion"),
    "apr": ("acetate", "secretion"),
    "epr": ("ethanol", "secretion"),
}
UPTAKE_WORDS = (
    *("uptake", "consumption", "consumed", "utilization", "utilisation", "assimilation", "intake", "influx"),
    *("import", "imported", "upt", "cons"),
)
SECRETION_WORDS = (
    *("evolution", "evolved", "formation", "formed", "secretion", "secreted", "production", "produced", "excretion"),
    *("excreted", "release", "released", "generation", "export", "exported", "efflux", "prod"),
)
FEED_WORDS = ("feed", "inlet", "in")
BROTH_WORDS = ("residual", "broth", "outlet", "out", "conc", "concentration")
IDLE_WORDS = ("rate", "rates", "specific", "volumetric", "of", "transfer", "max", "maximum", "maximal", "largest")

UPTAKE, SECRETION = "uptake", "secretion"
GROWTH, DILUTION, BIOMASS, TIME, RQ, SUBSTANCE = "growth", "dilution", "biomass", "time", "rq", "substance"

_DIRECTED = "|".join((*UPTAKE_WORDS, *SECRETION_WORDS, "rate"))
_JOINED = re.compile(rf"-(?=(?:{_DIRECTED})\b)", re.IGNORECASE)
_CAMEL = re.compile(rf"(?<=[a-z0-9])(?=(?:{'|'.join(word.title() for word in _DIRECTED.split('|'))})(?![a-z]))")


@dataclass(frozen=True)
class HeaderWords:
    """What the words of a name say.

    Attributes:
        kind: "growth", "dilution", "biomass", "time", "rq" or "substance".
        subject: The substance.
        direction: "uptake", "secretion", or "" if the words do not say.
        place: "feed" for a concentration in the feed, else "".
    """

    kind: str
    subject: str
    direction: str = ""
    place: str = ""


def read_words(name: str) -> HeaderWords:
    """Read the words of a name without its unit.

    >>> read_words("glucose consumption rate")
    HeaderWords(kind='substance', subject='glucose', direction='uptake', place='')
    >>> read_words("qGlc").subject, read_words("OUR").subject, read_words("quinate").subject
    ('Glc', 'o2', 'quinate')

    Raises:
        TableError: Words for uptake and for secretion in one name.
    """
    joined = re.sub(r"[\s_]+", "_", name.strip()).lower()
    for kind, words in (
        (GROWTH, GROWTH_WORDS),
        (DILUTION, DILUTION_WORDS),
        (BIOMASS, BIOMASS_WORDS),
        (TIME, TIME_WORDS),
        (RQ, ("rq",)),
    ):
        if joined in words:
            return HeaderWords(kind, kind)
    # A rate of transfer has the letters of its acronym: OTR, oxygen transfer rate.
    if joined in ACRONYMS:
        return HeaderWords(SUBSTANCE, *ACRONYMS[joined])
    parts = [word for word in re.split(r"[\s_]+", _CAMEL.sub("_", _JOINED.sub("_", name.strip()))) if word]
    kept, directions, place = [], set(), ""
    for word in parts:
        lowered = word.lower()
        if lowered in UPTAKE_WORDS:
            directions.add(UPTAKE)
        elif lowered in SECRETION_WORDS:
            directions.add(SECRETION)
        elif lowered in FEED_WORDS:
            place = "feed"
        elif lowered not in (*IDLE_WORDS, *BROTH_WORDS):
            kept.append(word)
    if len(directions) > 1:
        raise TableError(f"column {name!r} names an uptake and a production; expected one of them")
    subject = name.strip() if len(kept) == len(parts) else "_".join(kept)
    return HeaderWords(SUBSTANCE, _without_q(subject) or name, "".join(directions), place)


def _without_q(subject: str) -> str:
    """Cut the q of qO2, q_glc and qglc, but not that of quinate."""
    if re.match(r"^(q_|q(?=[A-Z]))", subject):
        return subject[1:].lstrip("_ ")
    known = subject[:1] == "q" and not vocabulary().by_name(subject) and vocabulary().by_name(subject[1:])
    return subject[1:] if known else subject
