"""The table of compounds: what common substances of cultures are called, and whether cells take them up."""

from __future__ import annotations

import csv
import functools
import importlib.resources
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from metagnn.network.reader.formula import read_formula
from metagnn.network.vocabulary.name_key import fold_id, fold_name

DATABASES = ("bigg", "seed", "kegg", "chebi", "metanetx", "biocyc", "inchikey", "yeast", "human")
"""Columns of identifiers."""

_NO_IDS = ("chebi", "inchikey")
"""Columns that models take no ids from."""

_UNCHARGED_KEY = 25
"""Letters of an InChIKey before those that tell protonation."""


@dataclass(frozen=True)
class Compound:
    """A compound of the table.

    Attributes:
        id: Its BiGG id.
        names: Its names, the plainest first.
        direction: "uptake" or "secretion" where cells nearly always do the one; else "".
        formula: Atoms of every element.
        form_of: Id of the compound that it is a form of, such as D-glucose of beta-D-glucose; else "".
    """

    id: str
    names: tuple[str, ...]
    direction: str
    formula: Mapping[str, float]
    form_of: str = ""

    @property
    def skeleton(self) -> dict[str, float]:
        """Its atoms but hydrogen, which varies with pH."""
        return {element: count for element, count in self.formula.items() if element != "H"}


class Vocabulary:
    """Finds compounds by name or identifier.

    Args:
        rows: Rows of the table, by column.
    """

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.compounds: dict[str, Compound] = {}
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, set[str]] = defaultdict(set)
        self._ids: dict[str, str] = {}
        self._ranks: dict[str, int] = {}
        self._tagged: dict[str, str] = {}
        self.forms: dict[str, tuple[str, ...]] = defaultdict(tuple)
        """Other forms of a compound, by its id."""
        for row in rows:
            self._add(row)

    def _add(self, row: dict[str, str]) -> None:
        name, names = row["bigg"], tuple(row["names"].split(";"))
        direction = {"in": "uptake", "out": "secretion"}.get(row["direction"], "")
        formula = read_formula(row["formula"]) or {}
        self.compounds[name] = Compound(name, names, direction, formula, row["form_of"])
        if row["form_of"]:
            self.forms[row["form_of"]] += (name,)
        for text in names:
            self._exact[text].add(name)
            self._folded[fold_name(text)].add(name)
        for database in DATABASES:
            for rank, identifier in enumerate(row[database].split()):
                self._tagged[_tag(database, identifier)] = name
                if database not in _NO_IDS:
                    self._ids[fold_id(identifier)] = name
                    self._ranks[fold_id(identifier)] = rank

    def by_name(self, text: str) -> frozenset[str]:
        """Ids of the compounds of a name; a name in its own case wins: CO and Co, NO and no."""
        exact = self._exact.get(text.strip())
        return frozenset(exact if exact else self._folded.get(fold_name(text), ()))

    def by_id(self, text: str) -> str:
        """Id of the compound of an identifier without its compartment, in any of the databases; "" if none."""
        return self._ids.get(fold_id(text), "") or self._tagged.get(_tagged_text(text), "")

    def rank(self, text: str) -> int:
        """How many ids of its database come before an id in naming its compound; more than all where it names none."""
        return self._ranks.get(fold_id(text), len(self._ranks))

    def by_identifier(self, text: str) -> str:
        """Id of the compound of an identifier such as "kegg:C00031"; "" if none."""
        return self._tagged.get(_tag(*text.split(":", 1)), "")


@functools.cache
def vocabulary() -> Vocabulary:
    """The table that the package holds; it is read once."""
    table = importlib.resources.files(__package__).joinpath("compounds.csv").read_text(encoding="utf-8")
    return Vocabulary(list(csv.DictReader(table.splitlines())))


def _tag(database: str, identifier: str) -> str:
    if database == "inchikey":
        identifier = identifier[:_UNCHARGED_KEY]
    return f"{database}:{identifier}"


def _tagged_text(text: str) -> str:
    """A text such as "CHEBI:17634" or "kegg.compound:C00031" as the tag of an identifier."""
    database, colon, identifier = text.strip().partition(":")
    return _tag(database.lower().split(".")[0], identifier) if colon else text
