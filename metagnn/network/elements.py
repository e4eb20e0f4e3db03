"""What every metabolite is made of: element counts, charge, and electrons as a degree of reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from metagnn.errors import NetworkError

ELECTRON_WEIGHTS: Mapping[str, float] = {"C": 4, "H": 1, "O": -2, "N": -3, "P": 5, "S": 6}
"""Electrons that an atom can give, relative to CO2, H2O, NH4+, phosphate and sulphate
(degree of reduction: Roels 1983, Energetics and Kinetics in Biotechnology)."""

_SYMBOLS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb
Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf
Ta W Re Os Ir Pt Au Hg Tl Pb Bi
"""
CHEMICAL_ELEMENTS = frozenset(_SYMBOLS.split())


@dataclass(frozen=True)
class Metabolite:
    """One metabolite: what it is, not how much of it there is.

    Attributes:
        id: Identifier.
        name: Name in words.
        compartment: Identifier of its compartment.
        formula: Number of atoms of every element; None where the model gives no formula.
        charge: Charge; None where the model gives none.
        identifiers: What databases call it, as "kegg:C00031"; of what crosses the border only.
        is_constraint: Whether the row is no metabolite but a further linear constraint of the model: it holds no
            elements and no charge.
    """

    id: str
    name: str = ""
    compartment: str = ""
    formula: Mapping[str, float] | None = field(default=None, hash=False)
    charge: float | None = None
    identifiers: tuple[str, ...] = ()
    is_constraint: bool = False

    @property
    def complete(self) -> bool:
        """Whether the formula is known and holds chemical elements only (no residue R, X or *)."""
        return self.is_constraint or (bool(self.formula) and CHEMICAL_ELEMENTS.issuperset(self.formula or ()))


def elements_present(metabolites: Sequence[Metabolite]) -> tuple[str, ...]:
    """Every element that some metabolite contains: C, H, N, O, P, S first, then by name."""
    found = {element for metabolite in metabolites for element in metabolite.formula or ()}
    leading = [element for element in "CHNOPS" if element in found]
    return (*leading, *sorted(found - set(leading)))


def balance_weights(metabolites: Sequence[Metabolite], balance: str) -> np.ndarray:
    """Weight of every metabolite in one balance, shape `[metabolites]`.

    Args:
        metabolites: The metabolites.
        balance: An element's symbol, "charge" or "electrons".

    Returns:
        Atoms per molecule, charge, or degree of reduction; zero where the model does not say, which
        `stated` tells.
    """
    if balance == "charge":
        return np.array([metabolite.charge or 0.0 for metabolite in metabolites])
    if balance == "electrons":
        return np.array([electrons(metabolite) for metabolite in metabolites])
    return np.array([float((metabolite.formula or {}).get(balance, 0.0)) for metabolite in metabolites])


def stated(metabolites: Sequence[Metabolite], balance: str) -> np.ndarray:
    """Return whether formula and charge of every metabolite state its content, boolean, shape `[metabolites]`."""
    formula, charge = balance != "charge", balance in ("charge", "electrons")
    return np.array(
        [
            m.is_constraint or ((m.complete or not formula) and (m.charge is not None or not charge))
            for m in metabolites
        ],
        dtype=bool,
    )


def refuse_unknown(
    missing: Sequence[Metabolite],
    balance: str,
    network: str,
    through: Sequence[str],
    metabolites: Sequence[Metabolite],
) -> None:
    """Raise because metabolites whose content is unknown cross the system's border.

    Args:
        missing: Metabolites whose content neither they nor the reactions tell.
        balance: The balance that was asked for.
        network: Name of the network, for the message.
        through: Reactions through which they cross.
        metabolites: All metabolites.

    Raises:
        NetworkError: Naming the metabolites without a formula, with a residue in place of an element, or
            (for charge and electrons) without a charge.
    """
    lost = f"{network} has no {balance} balance: "
    unknown = [m.id for m in missing if balance != "charge" and not m.complete]
    uncharged = [m.id for m in missing if m.charge is None and m.id not in unknown]
    said = f"{_some(unknown)} cross its border with no formula, or with something that is no element (R, X)"
    if not any(m.complete for m in metabolites):
        said += " (none of its metabolites has one)"
    without = "in the model" if any(m.charge is not None for m in metabolites) else "in the model, as none of them has"
    parts = ([said] if unknown else []) + ([f"{_some(uncharged)} have no charge {without}"] if uncharged else [])
    raise NetworkError(
        f"{lost}{', and '.join(parts)}, and the reactions do not tell it; give it in the model, or close "
        f"{_some(through, 3)}"
    )


def electrons(metabolite: Metabolite) -> float:
    """Electrons that a molecule can give; a charge that the model does not say counts as zero."""
    # Linear in elements and charge, so that whatever conserves these conserves electrons. Metals weigh nothing,
    # and their charge counts: Fe3+ takes the electron that makes it Fe2+.
    atoms = sum(ELECTRON_WEIGHTS.get(e, 0.0) * count for e, count in (metabolite.formula or {}).items())
    return atoms - (metabolite.charge or 0.0)


def _some(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
