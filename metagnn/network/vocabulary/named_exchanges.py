"""NamedExchanges: the exchanges of a network by id, name, formula or identifier of a database."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from metagnn.errors import TableError
from metagnn.network.elements import Metabolite
from metagnn.network.reader.formula import read_formula
from metagnn.network.vocabulary.compound import Vocabulary, vocabulary
from metagnn.network.vocabulary.header_words import DILUTION, GROWTH, SECRETION, SUBSTANCE, UPTAKE, read_words
from metagnn.network.vocabulary.name_key import fold_id, fold_name, without_border

if TYPE_CHECKING:
    from metagnn.network.metabolic_network import MetabolicNetwork

CANDIDATES = 6
"""Most candidates that a message lists."""

NO_NAMES = ("no",)
"""Ids that are words too: a column `no` numbers the rows; nitric oxide is NO, no_e or EX_no_e."""

_EXCHANGE = re.compile(r"^(?:R_)?(?:EX|DM|SK|sink)_", re.IGNORECASE)
_LAST_WORD = re.compile(r"[\s_]+([A-Z][A-Za-z0-9]*)$")


class NamedExchanges:
    """Finds the exchange of a substance.

    What an exchange carries is one of the compounds of the table by its id in any of the known schemes, by what
    databases call it, or by its name, each only where the formula agrees. A name that the table knows then means the
    exchange of that compound or none; other names are compared with the network's own.

    Args:
        network: The network.
    """

    def __init__(self, network: MetabolicNetwork) -> None:
        self._network, self._vocabulary = network, vocabulary()
        self._ids: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = defaultdict(list)
        self._stems: dict[str, list[str]] = defaultdict(list)
        self._formulas: dict[str, list[str]] = defaultdict(list)
        self._compounds: dict[str, frozenset[str]] = {}
        self._forward = dict(zip(network.exchanges, network.imports_forward.tolist(), strict=True))
        self.metabolites: dict[str, Metabolite] = {}
        """What every exchange of one metabolite carries, by exchange."""
        # A sink or demand answers to its id alone: the name of a substance means what is outside.
        outside = frozenset(network.outside_exchanges)
        columns = network.stoichiometry.to_scipy().tocsc()
        for name, index in zip(network.exchanges, network.exchange_indices, strict=True):
            rows = columns.indices[columns.indptr[index] : columns.indptr[index + 1]]
            if len(rows) == 1:
                self.metabolites[name] = network.metabolite_table[rows[0]]
                if name in outside:
                    self._add(name)

    def _add(self, exchange: str) -> None:
        metabolite = self.metabolites[exchange]
        bare, name = bare_id(metabolite), plain_name(metabolite)
        for key in {fold_id(exchange), fold_id(metabolite.id), fold_id(bare)} - {*NO_NAMES}:
            self._ids[key].append(exchange)
        for key in {fold_name(name), fold_name(metabolite.name)} - {""}:
            self._names[key].append(exchange)
        for key in {fold_name(_without_stereo(bare)), fold_name(_without_stereo(name))} - {"", *NO_NAMES}:
            self._stems[key].append(exchange)
        if metabolite.formula:
            for key in {_formula(metabolite.formula), _formula(_neutral(metabolite))}:
                self._formulas[key].append(exchange)
        self._compounds[exchange] = identify(metabolite, self._vocabulary)

    def find(self, subject: str, column: str, direction: str = "") -> str:
        """Return the exchange of a substance.

        Args:
            subject: Its id in any scheme, its name or its formula.
            column: Where it stands, for the message: a column, or an argument in backticks.
            direction: "uptake" or "secretion", which tells apart the two halves of a split exchange.

        Raises:
            TableError: Unknown, or ambiguous; the candidates are listed.
        """
        if subject in self.metabolites:
            return subject
        where = column if column.startswith("`") else f"column {column!r}"
        found = self._found(subject)
        if not found:
            raise TableError(f"{where}: {self._unknown(subject)}")
        chosen = found if len(found) == 1 else self._halves(self._surest(found), direction)
        if len(chosen) > 1:
            raise TableError(
                f"{where}: {subject!r} may be {self._list(chosen)}; name the exchange, as in {chosen[0]!r}"
            )
        return chosen[0]

    def is_exchange_id(self, subject: str) -> bool:
        """Whether a text has the form of an exchange's id, in any scheme; its values are signed fluxes then."""
        return subject in self.metabolites or bool(_EXCHANGE.match(subject))

    def knows(self, subject: str) -> bool:
        """Whether a text names an exchange, several, or a compound of the table."""
        return bool(subject in self.metabolites or self._found(subject) or self._meant(subject))

    def resolve(self, names: Sequence[str]) -> list[str]:
        """Return the exchange of every column of a medium; a name that nothing explains stays as it is.

        Args:
            names: Columns whose values are largest uptakes.

        Raises:
            TableError: An ambiguous name, one for a production, two for one exchange, or one close to a known name.
        """
        resolved: list[str] = []
        for name in names:
            found = name if name in self._forward or name in self._network.reactions else self._of_medium(name)
            other = names[resolved.index(found)] if found in resolved else name
            # A column that stands twice under one name is told by who checks ids.
            if other != name:
                raise TableError(f"columns {other!r} and {name!r} both name {found}; expected one of them")
            resolved.append(found)
        return resolved

    def of_rate(self, name: str, where: str) -> str:
        """Return the exchange, or the growth reaction, that the name of a rate means: "OUR", "glucose uptake", "mu".

        Args:
            name: A reaction, a substance, or a rate of one.
            where: Where it stands, for the message.

        Raises:
            TableError: Unknown, or ambiguous.
        """
        if name in self._forward:
            return name
        words = read_words(_UNIT.sub("", name))
        if words.kind in (GROWTH, DILUTION):
            return self._network.growth_reaction
        return self.find(name if self.knows(name) else words.subject, where, words.direction)

    def names_rate(self, name: str) -> bool:
        """Whether `of_rate` knows what a name means, be it one exchange or several."""
        words = read_words(_UNIT.sub("", name))
        return words.kind in (GROWTH, DILUTION) or self.knows(name) or self.knows(words.subject)

    def _of_medium(self, name: str) -> str:
        if self.knows(name):
            return self.find(name, name, UPTAKE)
        words = read_words(_UNIT.sub("", name))
        if words.kind != SUBSTANCE or words.subject == name or not self.knows(words.subject):
            if words.kind == SUBSTANCE and not self.is_exchange_id(name) and self._nearest(words.subject):
                raise TableError(f"column {name!r}: {self._unknown(words.subject)}")
            return name
        if words.direction == SECRETION:
            raise TableError(f"column {name!r} names a production; expected nutrients, with their largest uptake")
        return self.find(words.subject, name, UPTAKE)

    def direction(self, exchange: str) -> str:
        """Return what cells do with a substance: "uptake", "secretion", or "" where they do both or it is unknown."""
        known = {self._vocabulary.compounds[name].direction for name in self._compounds.get(exchange, ())}
        return known.pop() if len(known) == 1 else ""

    def sign(self, exchange: str, direction: str) -> float:
        """Return the sign of the flux of an exchange when it runs in a direction; −1 for uptake by "A →"."""
        return 1.0 if (direction == UPTAKE) == bool(self._forward[exchange]) else -1.0

    def carbon(self, exchange: str) -> float:
        """Carbon atoms in what an exchange carries."""
        return float((self.metabolites[exchange].formula or {}).get("C", 0.0))

    def _meant(self, subject: str) -> frozenset[str]:
        """Compounds of the table that a text means."""
        bare = without_border(subject.removeprefix("M_"))
        if _EXCHANGE.match(subject):
            # An id of another scheme, never a name: EX_glc_e is no glucose of e_coli_core.
            found = self._vocabulary.by_id(_EXCHANGE.sub("", bare))
            return frozenset({found} if found else ())
        if bare != "NO" and _is_number_word(bare):
            return frozenset()
        by_name = self._vocabulary.by_name(bare)
        by_id = self._vocabulary.by_id(bare)
        return by_name or frozenset({by_id} if by_id else ())

    def _found(self, subject: str) -> list[str]:
        own = self._ids.get(fold_id(subject), []) or self._ids.get(fold_id(bare_text(subject)), [])
        if own:
            return own
        meant = self._meant(subject)
        if meant:
            forms = {form for name in meant for form in self._vocabulary.forms[name]}
            return self._carrying(meant) or self._carrying(meant | forms)
        if _EXCHANGE.match(subject) or _is_number_word(subject):
            return []
        key = fold_name(subject)
        for tier in (self._names, {k.lower(): v for k, v in self._ids.items()}, self._stems):
            if found := tier.get(key, []):
                return list(dict.fromkeys(found))
        return self._of_formula(subject)

    def _carrying(self, meant: Iterable[str]) -> list[str]:
        """Exchanges that carry one of some compounds, whichever of those that it may be."""
        wanted = frozenset(meant)
        return [name for name, held in self._compounds.items() if held and held <= wanted]

    def _of_formula(self, subject: str) -> list[str]:
        """The exchanges of a formula; one alone proves nothing where the table has another compound of that formula."""
        atoms = read_formula(subject.strip())
        found = self._formulas.get(_formula(atoms), []) if atoms else []
        if len(found) != 1:
            return found
        metabolite = self.metabolites[found[0]]
        skeleton = {element: count for element, count in (metabolite.formula or {}).items() if element != "H"}
        hydrogen = _neutral(metabolite).get("H", 0.0)
        alike = {
            compound.id
            for compound in self._vocabulary.compounds.values()
            if compound.skeleton == skeleton and abs(compound.formula.get("H", 0.0) - hydrogen) <= 1
        }
        return found if alike <= self._compounds[found[0]] or len(alike) <= 1 else []

    def _surest(self, found: list[str]) -> list[str]:
        """Of several exchanges of one compound those of its leading id: the others are forms of it, or named alike."""
        if len({self._compounds.get(name, frozenset()) for name in found}) > 1:
            return found
        ranks = {name: self._vocabulary.rank(bare_id(self.metabolites[name])) for name in found}
        return [name for name in found if ranks[name] == min(ranks.values())]

    def _halves(self, found: list[str], direction: str) -> list[str]:
        """Of two exchanges of one metabolite, one for either way, the one that a direction means."""
        if len({self.metabolites[name].id for name in found}) > 1:
            return found
        wanted = (direction or self.direction(found[0])) == UPTAKE
        return [name for name in found if bool(self._forward[name]) == wanted] or found

    def _unknown(self, subject: str) -> str:
        meant, atoms = self._meant(subject), read_formula(subject)
        near = [name for name, held in self._compounds.items() if held & meant]
        if not near and atoms:
            near = self._formulas.get(_formula(atoms), [])
        near = near or ([] if meant and not _EXCHANGE.match(subject) else self._nearest(subject))
        advice = f"did you mean {self._list(near)}?" if near else "expected an exchange id, a name or a formula"
        what = " or ".join(sorted(self._vocabulary.compounds[name].names[0] for name in meant))
        what = f", which is {what}" if what and not near else ""
        return f"no exchange of {self._network.id} is {subject!r}{what}; {advice}"

    def _nearest(self, subject: str) -> list[str]:
        known = {key: found for tier in (self._names, self._stems) for key, found in tier.items()}
        known |= {key.lower(): found for key, found in self._ids.items()}
        names = difflib.get_close_matches(fold_name(subject), known, n=3, cutoff=0.6)
        return list(dict.fromkeys(exchange for name in names for exchange in known[name]))

    def _list(self, exchanges: list[str]) -> str:
        names = {name: plain_name(self.metabolites[name]) for name in exchanges[:CANDIDATES]}
        shown = [f"{exchange} ({name})" if name else exchange for exchange, name in names.items()]
        return " or ".join(shown) + (f" and {len(exchanges) - CANDIDATES} more" if len(exchanges) > CANDIDATES else "")


def resolved(network: MetabolicNetwork, names: Sequence[str]) -> list[str]:
    """Return the exchanges of the columns of a medium, as `NamedExchanges.resolve`; ids as they are, at no cost."""
    exchanges = set(network.exchanges)
    return list(names) if exchanges.issuperset(names) else network.exchange_names.resolve(list(map(str, names)))


_UNIT = re.compile(r"[\s_]*(?:[\[(]\s*mmol[^\])]*[\])]|_mmol_per_gDW_h)\s*$", re.IGNORECASE)


def identify(metabolite: Metabolite, known: Vocabulary) -> frozenset[str]:
    """Return the compounds that a metabolite may be, by id, identifiers and name; none where nothing tells.

    Args:
        metabolite: A metabolite outside the cell.
        known: The table of compounds.
    """

    def fitting(names: Iterable[str]) -> set[str]:
        return {name for name in names if _agrees(metabolite, known.compounds[name].skeleton)}

    by_id = fitting({known.by_id(bare_id(metabolite))} - {""})
    by_name = fitting(known.by_name(plain_name(metabolite)) or known.by_name(metabolite.name))
    if by_id:
        return frozenset(by_id if not by_name or by_id & by_name else by_id | by_name)
    votes = Counter(name for text in metabolite.identifiers if (name := known.by_identifier(text)))
    counts = {name: votes[name] for name in fitting(votes)}
    best = {name for name, count in counts.items() if count == max(counts.values())}
    if best and by_name:
        return frozenset(best & by_name or best | by_name)
    return frozenset(best or by_name)


def bare_text(text: str) -> str:
    """Return an id without the prefix of SBML and the compartment."""
    return without_border(text.removeprefix("M_"))


def bare_id(metabolite: Metabolite) -> str:
    """Return the id of a metabolite without its compartment."""
    return without_border(metabolite.id.removeprefix("M_"), metabolite.compartment)


def plain_name(metabolite: Metabolite) -> str:
    """Return the name of a metabolite without compartment, prefix, and the formula that older files put at its end.

    >>> plain_name(Metabolite("ac_e", "M_Acetate_C2H3O2", "e", {"C": 2, "H": 3, "O": 2}))
    'Acetate'
    """
    name = without_border(metabolite.name.strip().removeprefix("M_").strip("_ "), metabolite.compartment)
    last = _LAST_WORD.search(name)
    if last and metabolite.formula and (atoms := read_formula(last[1])):
        same = {e: n for e, n in atoms.items() if e != "H"} == {e: n for e, n in metabolite.formula.items() if e != "H"}
        name = name[: last.start()] if same else name
    return name.strip("_ ")


def _is_number_word(text: str) -> bool:
    return text.strip().rstrip(".").lower() in NO_NAMES


def _agrees(metabolite: Metabolite, skeleton: dict[str, float]) -> bool:
    """Whether the atoms but hydrogen are those of a compound; what is unknown contradicts nothing."""
    if not metabolite.complete or metabolite.formula is None:
        return True
    return {element: count for element, count in metabolite.formula.items() if element != "H" and count} == skeleton


def _neutral(metabolite: Metabolite) -> dict[str, float]:
    """Its formula with the protons that its charge lacks."""
    atoms = dict(metabolite.formula or {})
    atoms["H"] = atoms.get("H", 0.0) - (metabolite.charge or 0.0)
    return {element: count for element, count in atoms.items() if count > 0}


def _without_stereo(text: str) -> str:
    return re.sub(r"^(D|L|DL|R|S|meso|Meso)-|__?(D|L|R|S|M)$|\((R|S)\)-", "", text)


def _formula(atoms: Mapping[str, float]) -> str:
    return "".join(f"{element}{atoms[element]:g}" for element in sorted(atoms))
