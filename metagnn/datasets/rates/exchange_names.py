"""Names of substances, found among the exchanges of a network."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict

import numpy as np

from metagnn.errors import TableError
from metagnn.network.elements import Metabolite
from metagnn.network.exchange_search import CO2, PROTON, WATER, carried_metabolites
from metagnn.network.network_like import NetworkLike, as_network

SYNONYMS = {
    "oxygen": "o2",
    "carbondioxide": "co2",
    "water": "h2o",
    "proton": "h",
    "protons": "h",
    "ammonia": "nh4",
    "nh3": "nh4",
    "ammonium": "nh4",
    "phosphate": "pi",
    "po4": "pi",
    "glc": "glucose",
    "alphaketoglutarate": "2oxoglutarate",
    "ketoglutarate": "2oxoglutarate",
}
"""Names that models do not use, without punctuation."""

CANDIDATES = 6


class ExchangeNames:
    """Finds the exchange of a substance by BiGG id, name or formula.

    Args:
        network: The network.
    """

    def __init__(self, network: NetworkLike) -> None:
        network = as_network(network)
        self._network = network
        self._tiers: tuple[dict[str, list[str]], ...] = tuple(defaultdict(list) for _ in range(4))
        self.metabolites: dict[str, Metabolite] = {}
        # A sink or demand answers to its id alone: the name of a substance means what is outside.
        outside = frozenset(network.outside_exchanges)
        for name, carried in carried_metabolites(network, network.require_exchanges()).items():
            if len(carried) == 1:
                self.metabolites[name] = carried[0]
                if name in outside:
                    self._add(name)

    def _add(self, exchange: str) -> None:
        metabolite = self.metabolites[exchange]
        bare = re.sub(r"[_\[(]?e\d?[\])]?$", "", metabolite.id)
        ids, names, stems, formulas = self._tiers
        for key in {_key(exchange), _key(metabolite.id), _key(bare)}:
            ids[key].append(exchange)
        names[_key(metabolite.name)].append(exchange)
        for key in {_key(_without_stereo(bare)), _key(_without_stereo(metabolite.name))}:
            stems[key].append(exchange)
        if metabolite.formula:
            formulas[_key(_formula(metabolite))].append(exchange)

    def find(self, subject: str, column: str) -> str:
        """The exchange of a substance.

        Args:
            subject: Its id, name or formula.
            column: The column it stands in, for the message.

        Raises:
            TableError: Unknown, or ambiguous; the candidates are listed.
        """
        if subject in self.metabolites:
            return subject
        key = _key(subject)
        # "gluconic acid" is the gluconate of a network at its pH.
        wanted = {key, SYNONYMS.get(key, key), re.sub(r"icacid$", "ate", key)}
        for tier in self._tiers:
            found = sorted({exchange for name in wanted for exchange in tier.get(name, ())})
            if len(found) > 1:
                raise TableError(
                    f"column {column!r}: {subject!r} may be {self._list(found)}; name the exchange, as in {found[0]!r}"
                )
            if found:
                return found[0]
        near = self._nearest(key)
        advice = f"did you mean {self._list(near)}?" if near else "expected an exchange id, a name or a formula"
        raise TableError(f"column {column!r}: no exchange of {self._network.id} is {subject!r}; {advice}")

    def _nearest(self, key: str) -> list[str]:
        known = {name: found for tier in self._tiers[:3] for name, found in tier.items()}
        names = difflib.get_close_matches(key, known, n=3, cutoff=0.6)
        return list(dict.fromkeys(exchange for name in names for exchange in known[name]))

    def _list(self, exchanges: list[str]) -> str:
        shown = [f"{name} ({self.metabolites[name].name})" for name in exchanges[:CANDIDATES]]
        return " or ".join(shown) + (f" and {len(exchanges) - CANDIDATES} more" if len(exchanges) > CANDIDATES else "")

    def carbon(self, exchange: str) -> float:
        """Carbon atoms in what an exchange carries."""
        return float((self.metabolites[exchange].formula or {}).get("C", 0.0))


def present_exchanges(network: NetworkLike, measured: np.ndarray) -> np.ndarray:
    """Exchanges that may carry flux, boolean, shape `[reactions]`; the others are taken for absent.

    What was measured, CO2, water and protons, and the carbon-free nutrients of the network's medium: a cell on a
    mineral medium needs them whether anybody measured them or not.

    Args:
        network: The network.
        measured: Whether a reaction was measured in some sample, shape `[reactions]`.
    """
    network = as_network(network)
    names, medium = ExchangeNames(network), network.medium()
    present = measured.copy()
    for name, metabolite in names.metabolites.items():
        atoms = {element: count for element, count in (metabolite.formula or {}).items() if count}
        everywhere = atoms in (CO2, WATER, PROTON)
        mineral = name in medium and bool(atoms) and not atoms.get("C")
        if everywhere or mineral:
            present[network.reaction_index(name)] = True
    return present


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _without_stereo(text: str) -> str:
    return re.sub(r"^(D|L|DL|R|S|meso|Meso)-|__?(D|L|R|S|M)$|\((R|S)\)-", "", text)


def _formula(metabolite: Metabolite) -> str:
    atoms = metabolite.formula or {}
    order = [e for e in "CH" if e in atoms] + sorted(e for e in atoms if e not in "CH")
    return "".join(f"{e}{'' if atoms[e] == 1 else f'{atoms[e]:g}'}" for e in order)
