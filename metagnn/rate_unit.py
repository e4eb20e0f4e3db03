"""Parse units of measured quantities."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metagnn.errors import TableError

MASS = {"ug": 1e-6, "mg": 1e-3, "g": 1.0, "kg": 1e3}
AMOUNT = {"umol": 1e-3, "mmol": 1.0, "mol": 1e3}
CARBON = {"umolc": 1e-3, "mmolc": 1.0, "molc": 1e3, "cmmol": 1.0, "cmol": 1e3}
VOLUME = {"ml": 1e-3, "l": 1.0, "m3": 1e3}
TIME = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "hr": 1.0, "d": 24.0, "day": 24.0}
BIOMASS = ("gdw", "gcdw", "gdcw", "gdm", "gbiomass")
MOLAR = {"um": "umol/l", "mm": "mmol/l", "m": "mol/l"}

EXPECTED = "such as g/gDW/h, mmol/gDW/h, mmol/L/h, g/L or 1/h"

_POWER = re.compile(r"^([a-z]+3?)\^?(-[12]|[12])?$")


@dataclass(frozen=True)
class RateUnit:
    """A unit of a rate, of a concentration, of biomass, of growth or of time.

    Attributes:
        text: The unit as it was written.
        quantity: "specific" (per gDW and h), "volumetric" (per litre and h), "concentration" (per litre), "biomass"
            (gDW per litre), "growth" (per h) or "time".
        amount: "mass" [g], "moles" [mmol] or "carbon" [mmol of carbon]; "" if the unit counts no substance.
        factor: Factor from this unit to g or mmol, gDW, litres and hours.
    """

    text: str
    quantity: str
    amount: str
    factor: float


def parse_unit(text: str) -> RateUnit | None:
    """Parse a unit; None if the text is not one.

    >>> parse_unit("g_per_gDW_h").quantity, parse_unit("mmol gDW-1 h-1").factor, parse_unit("mM").quantity
    ('specific', 1.0, 'concentration')
    >>> parse_unit("temperature") is None
    True
    """
    powers = _powers(text)
    if powers is None:
        return None
    factor, amount = 1.0, ""
    dimension = {"biomass": 0, "volume": 0, "time": 0, "amount": 0}
    for name, power in powers:
        if name in BIOMASS:
            dimension["biomass"] += power
            continue
        for kind, sizes in (("volume", VOLUME), ("time", TIME), ("mass", MASS), ("moles", AMOUNT), ("carbon", CARBON)):
            if name in sizes:
                factor *= sizes[name] ** power
                dimension[kind if kind in dimension else "amount"] += power
                amount = amount if kind in dimension else kind
                break
        else:
            return None
    quantity = _QUANTITIES.get((dimension["biomass"], dimension["volume"], dimension["time"], dimension["amount"]))
    return None if quantity is None else RateUnit(text.strip(" []"), quantity, amount, factor)


# Quantity by the powers of biomass, volume, time and amount.
_QUANTITIES = {
    (-1, 0, -1, 1): "specific",
    (0, -1, -1, 1): "volumetric",
    (0, -1, 0, 1): "concentration",
    (1, -1, 0, 0): "biomass",
    (0, 0, -1, 0): "growth",
    (0, 0, 1, 0): "time",
}


def _powers(text: str) -> list[tuple[str, int]] | None:
    """Split a text into units with their powers; None if it cannot be a unit."""
    cleaned = text.strip().strip("[]").lower().replace("µ", "u").replace("μ", "u").replace("−", "-")
    cleaned = re.sub(r"[\s_]per[\s_]", "/", MOLAR.get(cleaned, cleaned))
    if cleaned.startswith("per_"):
        cleaned = "1/" + cleaned.removeprefix("per_")
    cleaned = re.sub(r"[()]", "", re.sub(r"/\s*\(([^)]*)\)", lambda m: "/" + re.sub(r"[\s_*·]+", "/", m[1]), cleaned))
    top, *below = re.split(r"/", cleaned)
    found: list[tuple[str, int]] = []
    for position, part in enumerate([top, *below]):
        for name in re.split(r"[\s_*·.]+", part.strip()):
            if name in ("", "1"):
                continue
            match = _POWER.match(name)
            if match is None:
                return None
            power = int(match[2] or 1)
            found.append((match[1], power if position == 0 else -power))
    return found or None


def split_unit(header: str) -> tuple[str, RateUnit | None]:
    """Split a header into a name and the unit behind it, in brackets or after the last word that is not a unit.

    >>> split_unit("glucose_uptake_g_per_gDW_h")[0], split_unit("qO2 [mmol/gDW/h]")[0], split_unit("EX_glc__D_e")
    ('glucose_uptake', 'qO2', ('EX_glc__D_e', None))

    Raises:
        TableError: Brackets that hold no unit.
    """
    text = header.strip()
    if bracketed := re.match(r"^.*?[\[(]([^\[\]]+)[\])]$", text):
        # A name may hold brackets, such as iron (III), and so may a unit: take the first bracket that opens a unit.
        for opened in re.finditer(r"[\s_]*[\[(]", text):
            unit = parse_unit(text[opened.end() : -1])
            if unit is not None:
                return text[: opened.start()], unit
        raise TableError(f"column {header!r}: {bracketed[1]!r} is no unit; expected one {EXPECTED}")
    words = text.split("_")
    # Take the longest ending that is a unit, but do not cut a metabolite of one letter, such as the proton of EX_h_e.
    for start in range(1, len(words)):
        ending = "_".join(words[start:])
        if "per" in words[start:] or ending.lower() in (*MOLAR, *TIME):
            unit = parse_unit(ending)
            if unit is not None and words[start] != "":
                return "_".join(words[:start]), unit
    return text, None


def without_unit(header: str) -> str:
    """Cut the unit from a header; brackets that hold no unit are part of the name.

    >>> without_unit("biomass [g/L]"), without_unit("glucose_uptake_g_per_gDW_h"), without_unit("Fe (III)")
    ('biomass', 'glucose_uptake', 'Fe (III)')
    """
    try:
        return split_unit(header)[0]
    except TableError:
        return header.strip()
