"""Make a network of a draft: check everything, and note what was assumed or lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import scipy.sparse

from metagnn.errors import NetworkError, unknown_name
from metagnn.network.bounds import FluxBounds
from metagnn.network.gene_rule import GeneRule
from metagnn.network.incidence import Incidence
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.reaction import Reaction
from metagnn.network.reader.border import crossing_reactions, settle_border
from metagnn.network.reader.constraints import FurtherParts, read_constraints
from metagnn.network.reader.draft import DraftReaction, ModelDraft
from metagnn.network.reader.gene_rule_text import read_gene_rule
from metagnn.network.reader.limits import read_limits
from metagnn.network.reader.note import counted, listed
from metagnn.network.reader.number import read_coefficient
from metagnn.network.reader.plain_text import check_ids, settle_texts
from metagnn.network.reader.species import read_species

ALIASES = {"BIOMASS_Ecoli_core_w_GAM": "Biomass_Ecoli_core"}
"""Names of reactions in other releases of a model."""

_GROWTH = re.compile(r"biomass|growth", re.IGNORECASE)


def assemble(draft: ModelDraft, growth: str | None = None) -> MetabolicNetwork:
    """Check a draft and make it a network; `notes` says what was assumed or lost.

    Args:
        draft: What the file says.
        growth: Growth reaction, in place of the file's objective.

    Raises:
        NetworkError: There are no reactions, an id appears twice, a reaction of an unknown metabolite, a coefficient or
            bound that is no number, a lower bound above its upper, a further constraint that cannot be kept, or an
            unknown `growth`.
    """
    if not draft.reactions:
        raise NetworkError("the model holds no reactions")
    for kind, ids in (("metabolite", [m.id for m in draft.metabolites]), ("reaction", [r.id for r in draft.reactions])):
        check_ids(kind, ids)
    settle_texts(draft)
    known = {metabolite.id for metabolite in draft.metabolites}
    for reaction in draft.reactions:
        _check_coefficients(reaction, known)
    notes = [*draft.notes, *settle_border(draft)]
    metabolites, of_species = read_species(draft)
    bounds, of_bounds = read_limits(draft)
    rules, of_rules = _gene_rules(draft)
    reactions = tuple(reaction.id for reaction in draft.reactions)
    objective, of_objective = _objective(draft, growth)
    further = read_constraints(draft)
    return MetabolicNetwork(
        id=draft.id or "network",
        stoichiometry=_stoichiometry(draft, further),
        bounds=_with_slacks(bounds, further),
        objective=objective,
        exchanges=crossing_reactions(draft, objective),
        metabolite_table=metabolites + further.rows,
        reaction_table=tuple(
            Reaction(reaction.id, reaction.name, reaction.subsystem, rule)
            for reaction, rule in zip(draft.reactions, rules, strict=True)
        )
        + further.columns,
        aliases={alias: name for alias, name in ALIASES.items() if name in reactions and alias not in reactions},
        notes=(*of_bounds, *of_rules, *of_species, *notes, *further.notes, *of_objective),
    )


def _check_coefficients(reaction: DraftReaction, metabolites: set[str]) -> None:
    values = {}
    for name, given in reaction.coefficients.items():
        if name not in metabolites:
            raise NetworkError(f"reaction {reaction.id!r} uses metabolite {name!r}, which the model does not list")
        value = read_coefficient(given, f"the coefficient of {name!r} in reaction {reaction.id!r}")
        if value:
            values[name] = value
    reaction.coefficients = values


def _stoichiometry(draft: ModelDraft, further: FurtherParts) -> Incidence:
    row_ids = (*(metabolite.id for metabolite in draft.metabolites), *(row.id for row in further.rows))
    column_ids = (*(reaction.id for reaction in draft.reactions), *(column.id for column in further.columns))
    row, column = ({name: place for place, name in enumerate(ids)} for ids in (row_ids, column_ids))
    entries = [
        (row[name], position, value)
        for position, reaction in enumerate(draft.reactions)
        for name, value in reaction.coefficients.items()
    ]
    entries += [(row[to], column[of], value) for to, of, value in further.entries]
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = scipy.sparse.coo_array((values, (rows, columns)), shape=(len(row), len(column)), dtype=float)
    return Incidence.from_scipy(matrix, row_ids, column_ids)


def _with_slacks(bounds: FluxBounds, further: FurtherParts) -> FluxBounds:
    names = (*bounds.reactions, *(column.id for column in further.columns))
    return FluxBounds(names, np.append(bounds.lower, further.lower), np.append(bounds.upper, further.upper))


def _gene_rules(draft: ModelDraft) -> tuple[list[GeneRule | None], list[str]]:
    rules, unread, unlisted = [], [], []
    for reaction in draft.reactions:
        rule = read_gene_rule(reaction.rule) if isinstance(reaction.rule, str) else reaction.rule
        rules.append(rule)
        if rule is not None and rule.kind == "unreadable":
            unread.append(f"{reaction.id!r} ({rule.name!r})")
        elif rule is not None and draft.genes and (strange := sorted(rule.genes() - draft.genes)):
            stated = f" ({reaction.rule!r})" if isinstance(reaction.rule, str) else ""
            unlisted.append(f"{reaction.id!r}{stated} needs {listed([repr(gene) for gene in strange])}")
    notes = []
    if unread:
        what = counted(len(unread), "gene rule")
        notes.append(
            f"{what} not understood: {listed(unread)}; knock-outs of the genes that they name cannot be trusted"
        )
    if unlisted:
        notes.append(f"{counted(len(unlisted), 'gene rule')} of genes that the model does not list: {listed(unlisted)}")
    return rules, notes


def _objective(draft: ModelDraft, growth: str | None) -> tuple[dict[str, float], list[str]]:
    reactions = [reaction.id for reaction in draft.reactions]
    if growth is not None:
        return {chosen_growth(growth, reactions, draft.id or "network"): 1.0}, []
    if draft.lost_objective:
        return {}, [f"the objective holds {draft.lost_objective}, so that no reaction is growth; choose `growth`"]
    sign = -1.0 if draft.minimised else 1.0
    terms = {}
    for reaction in draft.reactions:
        value = read_coefficient(reaction.objective, f"the objective coefficient of reaction {reaction.id!r}")
        if value:
            terms[reaction.id] = sign * value
    if len(terms) > 1:
        return terms, [
            f"the objective has {len(terms)} reactions ({listed([repr(t) for t in terms])}); choose `growth`"
        ]
    if not terms:
        likely = [repr(r.id) for r in draft.reactions if _GROWTH.search(f"{r.id} {r.name}")]
        advice = f", such as {listed(likely)}" if likely else ""
        return terms, [f"no objective, so that no reaction is growth; choose `growth`{advice}"]
    return terms, []


def chosen_growth(growth: str, reactions: Sequence[str], network: str) -> str:
    """Return the id of the reaction that was chosen as growth.

    Raises:
        NetworkError: No reaction has this name; the message suggests the nearest.
    """
    name = ALIASES.get(growth, growth) if growth not in reactions else growth
    if name not in reactions:
        raise NetworkError("`growth`: " + unknown_name(str(growth), reactions, f"reaction of {network}"))
    return name
