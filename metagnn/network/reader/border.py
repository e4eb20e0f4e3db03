"""Find the border of a model: species outside, and reactions that cross."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from metagnn.network.outside import outside_compartments
from metagnn.network.reader.draft import DraftMetabolite, DraftReaction, ModelDraft
from metagnn.network.reader.note import counted, listed

LARGEST = 1000.0
"""Bound of exchanges that are added, as in cobra [mmol/gDW/h]."""

_SUFFIX = re.compile(r"(?:_([A-Za-z][a-z]?[0-9]?)|[\[(]([A-Za-z][a-z]?[0-9]?)[\])])$")
_OUTSIDE = frozenset({"b", "boundary"})


def compartment_in_id(name: str) -> str:
    """Return the compartment at the end of an id, as in "glc_e" and "glc[e]"; empty if there is none."""
    match = _SUFFIX.search(name)
    return (match[1] or match[2]) if match else ""


def without_compartment(name: str) -> str:
    """Return an id without the compartment at its end."""
    return _SUFFIX.sub("", name)


def settle_border(draft: ModelDraft) -> list[str]:
    """Take boundary species out of a draft, in place, or give them exchanges; return the notes.

    What lies outside has no balance. Where a species outside meets one metabolite inside, through reactions of the
    file's own, it is left out, and these reactions are exchanges. Else it stays and is exchanged: by the reaction
    that the file has for it, or by one that is made up, as in cobra.
    """
    touching: dict[str, list[DraftReaction]] = defaultdict(list)
    for reaction in draft.reactions:
        for name in reaction.coefficients:
            touching[name].append(reaction)
    flagged = {metabolite.id for metabolite in draft.metabolites if metabolite.boundary}
    dropped: set[str] = set()
    made_up: list[DraftReaction] = []
    for metabolite in draft.metabolites:
        reactions = touching[metabolite.id]
        own = [reaction for reaction in reactions if not reaction.invented]
        if metabolite.id in flagged or _stands_outside(metabolite, own):
            partners = [set(reaction.coefficients) - {metabolite.id} for reaction in own]
            if len(set(map(frozenset, partners))) <= 1 and all(len(p) == 1 and not p & flagged for p in partners):
                dropped.add(metabolite.id)
            elif metabolite.id in flagged and all(len(reaction.coefficients) > 1 for reaction in reactions):
                made_up.append(_exchange(metabolite.id, draft))
    _leave_out(draft, dropped)
    draft.reactions = [*draft.reactions, *made_up]
    notes = []
    if dropped:
        names = listed([repr(m) for m in sorted(dropped)])
        notes.append(f"{counted(len(dropped), 'species')} outside the system ({names}) left out of the balances")
    if made_up:
        names = listed([repr(reaction.id) for reaction in made_up])
        notes.append(
            f"{counted(len(made_up), 'exchange')} made up for boundary species, with bounds ±{LARGEST:g}: {names}"
        )
    return notes


def _stands_outside(metabolite: DraftMetabolite, own: list[DraftReaction]) -> bool:
    """Whether a species that no flag marks is one all the same: "glc_b", which only "EX_glc_e" turns into "glc_e"."""
    place = (metabolite.compartment or compartment_in_id(metabolite.id)).lower()
    if place not in _OUTSIDE and compartment_in_id(metabolite.id) not in _OUTSIDE:
        return False
    stem = without_compartment(metabolite.id)
    partners = [name for reaction in own for name in reaction.coefficients if name != metabolite.id]
    return bool(partners) and all(without_compartment(name) == stem for name in partners)


def _leave_out(draft: ModelDraft, dropped: set[str]) -> None:
    draft.metabolites = [metabolite for metabolite in draft.metabolites if metabolite.id not in dropped]
    kept = []
    for reaction in draft.reactions:
        inside = {name: value for name, value in reaction.coefficients.items() if name not in dropped}
        # What cobra's reader added for a species that is gone would be a reaction of nothing.
        if inside or not reaction.invented:
            reaction.coefficients = inside
            kept.append(reaction)
    draft.reactions = kept


def _exchange(metabolite: str, draft: ModelDraft) -> DraftReaction:
    taken = {reaction.id for reaction in draft.reactions}
    name = f"EX_{metabolite}"
    while name in taken:
        name += "_b"
    return DraftReaction(name, {metabolite: -1.0}, -LARGEST, LARGEST, name, invented=True)


def crossing_reactions(draft: ModelDraft, objective: Mapping[str, float]) -> tuple[str, ...]:
    """Return the ids of the exchanges, sinks and demands: reactions of one metabolite.

    A growth reaction of one metabolite inside the cell is none of them: what it takes is biomass.
    """
    places = {metabolite.id: metabolite.compartment for metabolite in draft.metabolites}
    crossings = [
        (reaction.id, places[next(iter(reaction.coefficients))])
        for reaction in draft.reactions
        if len(reaction.coefficients) == 1
    ]
    outside = outside_compartments(crossings)
    objectives = {name for name, _ in crossings if objective.get(name)}
    # Where the objective is all that names a compartment, it says nothing about the outside.
    if len(crossings) == len(objectives):
        return ()
    return tuple(name for name, place in crossings if name not in objectives or (place and place in outside))
