"""Read the identifiers by which public databases know a metabolite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

DATABASES = {
    "bigg.metabolite": "bigg",
    "bigg": "bigg",
    "biggmetabolite": "bigg",
    "biocyc": "biocyc",
    "metacyc": "biocyc",
    "metacyc.compound": "biocyc",
    "chebi": "chebi",
    "inchikey": "inchikey",
    "inchi_key": "inchikey",
    "kegg": "kegg",
    "kegg.compound": "kegg",
    "metanetx": "metanetx",
    "metanetx.chemical": "metanetx",
    "seed": "seed",
    "seed.compound": "seed",
    "vmhmetabolite": "vmh",
    "vmh": "vmh",
}
"""Names of databases in annotations, and the short ones that identifiers begin with here."""

_ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?(?:identifiers\.org/|urn:miriam:)", re.IGNORECASE)
_PARTS = re.compile(r"^([A-Za-z_.]+)[/:](.+)$")


def read_identifiers(annotation: object) -> tuple[str, ...]:
    """Return the identifiers in an annotation, sorted, each as "database:identifier".

    Args:
        annotation: Addresses of identifiers.org, as SBML has them; identifiers by database, as JSON and cobra have
            them; or pairs of database and identifier or address, as older JSON has them.

    >>> read_identifiers({"kegg.compound": "C00031", "sbo": "SBO:0000247"})
    ('kegg:C00031',)
    >>> read_identifiers(["http://identifiers.org/chebi/CHEBI:17634"])
    ('chebi:17634',)
    """
    found = (_identifier(database, value) for database, value in _pairs(annotation))
    return tuple(sorted({name for name in found if name}))


def _pairs(annotation: object) -> Iterator[tuple[str, str]]:
    """Pairs of a database ("" where the text says it) and a text."""
    if isinstance(annotation, Mapping):
        for database, values in annotation.items():
            for value in [values] if isinstance(values, str) else values if isinstance(values, Iterable) else []:
                # cobra keeps the qualifier beside an identifier: ["is", "C00031"].
                yield str(database), str(value[-1] if isinstance(value, (list, tuple)) and value else value)
    elif isinstance(annotation, (list, tuple)):
        for entry in annotation:
            if isinstance(entry, Mapping):
                yield from _pairs(entry)
            elif isinstance(entry, (list, tuple)) and len(entry) == 2:
                yield str(entry[0]), str(entry[1])
            else:
                yield "", str(entry)


def _identifier(database: str, text: str) -> str:
    text = text.strip().replace("%3A", ":")
    address = _ADDRESS.sub("", text)
    parts = _PARTS.match(address)
    if (address != text and parts) or (not database and parts):
        database, text = parts[1], parts[2]
    short = DATABASES.get(database.strip().lower().replace(" ", ""))
    if short is None or not text:
        return ""
    if short == "chebi":
        text = text.upper().removeprefix("CHEBI:")
    return f"{short}:{text.removeprefix('META:')}"
