"""Units of every quantity, and molar masses."""

from __future__ import annotations

from collections.abc import Mapping

FLUX = "mmol/gDW/h"
GROWTH = "1/h"
COMPOSITION = "mmol/gDW"

ATOMIC_MASSES: Mapping[str, float] = {
    "H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Na": 22.990, "Mg": 24.305, "Al": 26.982,
    "Si": 28.085, "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098, "Ca": 40.078, "V": 50.942, "Cr": 51.996,
    "Mn": 54.938, "Fe": 55.845, "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38, "As": 74.922, "Se": 78.971,
    "Br": 79.904, "Mo": 95.95, "Ag": 107.87, "Cd": 112.41, "I": 126.90, "W": 183.84, "Hg": 200.59,
}  # fmt: skip
"""Standard atomic weights [g/mol] of the elements in metabolites (IUPAC)."""


def molar_mass(formula: Mapping[str, float]) -> float | None:
    """Return the mass of a molecule [g/mol] from its atom counts; None if an element is unknown.

    >>> round(molar_mass({"C": 6, "H": 12, "O": 6}), 2)
    180.16
    """
    if not formula or not set(formula) <= set(ATOMIC_MASSES):
        return None
    return float(sum(ATOMIC_MASSES[element] * count for element, count in formula.items()))
