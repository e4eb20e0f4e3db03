"""Read the metabolites of a draft: note every formula, charge or compartment that is not understood."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from metagnn.network.elements import Metabolite
from metagnn.network.reader.border import compartment_in_id, without_compartment
from metagnn.network.reader.draft import ModelDraft
from metagnn.network.reader.formula import read_formula
from metagnn.network.reader.identifiers import read_identifiers
from metagnn.network.reader.note import counted, listed
from metagnn.network.reader.number import read_number

UNLIKELY = 1e9
"""Size from which on a charge is none of a molecule."""


def read_species(draft: ModelDraft) -> tuple[tuple[Metabolite, ...], list[str]]:
    """Return the metabolites of a draft, and the notes."""
    guessed: list[str] = []
    unplaced: list[str] = []
    strange, texts, lost = [], [], []
    table = []
    crossing = {name for r in draft.reactions if len(r.coefficients) == 1 for name in r.coefficients}
    for metabolite in draft.metabolites:
        if not metabolite.compartment:
            metabolite.compartment = compartment_in_id(metabolite.id)
            (guessed if metabolite.compartment else unplaced).append(repr(metabolite.id))
        formula = read_formula(metabolite.formula)
        if formula is None and not _nothing(metabolite.formula):
            strange.append(f"{metabolite.id!r} ({metabolite.formula!r})")
        charge = _charge(metabolite.charge)
        if charge is None and not _nothing(metabolite.charge):
            lost.append(f"{metabolite.id!r} ({metabolite.charge!r})")
        elif isinstance(metabolite.charge, str) and charge is not None:
            texts.append(f"{metabolite.id!r} ({metabolite.charge!r})")
        # Only what crosses the border is looked for by name.
        known = read_identifiers(metabolite.annotation) if metabolite.id in crossing else ()
        table.append(Metabolite(metabolite.id, metabolite.name, metabolite.compartment, formula, charge, known))
    disputed = _disputed_formulas(draft, {metabolite.id: metabolite for metabolite in table})
    notes = [
        text.format(counted(len(found), noun), listed(found))
        for found, noun, text in (
            (strange, "formula", "{} not understood, counted as unknown: {}"),
            (list(disputed.values()), "pair", "{} of formulas contradict each other, counted as unknown: {}"),
            (texts, "charge", "{} given as text, read as numbers: {}"),
            (lost, "charge", "{} not understood, counted as unknown: {}"),
            (guessed, "metabolite", "{} without a compartment, taken from the end of the id: {}"),
            (unplaced, "metabolite", "{} without a compartment: {}"),
        )
        if found
    ]
    unknown = {name for pair in disputed for name in pair}
    return tuple(dataclasses.replace(m, formula=None) if m.id in unknown else m for m in table), notes


def _disputed_formulas(draft: ModelDraft, table: Mapping[str, Metabolite]) -> dict[tuple[str, str], str]:
    """Pairs of one substance in two compartments, carried from one to the other, of different formulas.

    Hydrogen is left out: protonation differs between compartments.
    """
    found = {}
    said = {metabolite.id: metabolite.formula for metabolite in draft.metabolites}
    for reaction in draft.reactions:
        if len(reaction.coefficients) != 2 or sum(reaction.coefficients.values()):  # type: ignore[arg-type]
            continue
        first, second = sorted(reaction.coefficients)
        if without_compartment(first) != without_compartment(second) or first not in table or second not in table:
            continue
        one, other = table[first], table[second]
        if one.complete and other.complete and _heavy(one) != _heavy(other):
            pair = (one.id, other.id)
            first, second = (f"{name!r} ({said[name]})" for name in pair)
            found[pair] = f"{first} and {second}, through {reaction.id!r}"
    return found


def _heavy(metabolite: Metabolite) -> dict[str, float]:
    return {element: count for element, count in (metabolite.formula or {}).items() if element != "H"}


def _nothing(value: object) -> bool:
    missing = isinstance(value, float) and math.isnan(value)
    return value is None or missing or (isinstance(value, str) and value.strip().lower() in ("", "nan", "na", "none"))


def _charge(value: object) -> float | None:
    charge = read_number(value)
    return charge if abs(charge) < UNLIKELY else None
