"""Read SBML, level 2 and 3, with flux bounds of the fbc package, of kinetic laws, or none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from metagnn.errors import NetworkError
from metagnn.network.gene_rule import GeneRule
from metagnn.network.reader.draft import DraftMetabolite, DraftReaction, ModelDraft
from metagnn.network.reader.formula import read_formula
from metagnn.network.reader.gene_rule_text import read_gene_rule
from metagnn.network.reader.note import counted
from metagnn.network.reader.sbml_constraints import sbml_constraints
from metagnn.network.reader.xml_text import xml_text

_ESCAPED = re.compile(r"__(\d+)__")
_NOTE = re.compile(r"<(?P<prefix>(\w+:)?)p[^>]*>(?P<content>.*?)</(?P=prefix)p>", re.IGNORECASE | re.DOTALL)
_NOTED = {"KEGG_ID": "kegg", "KEGGID": "kegg", "ChEBI_ID": "chebi", "CHEBI_ID": "chebi", "InChIKey": "inchikey"}
"""Identifiers in notes, and their databases."""

_FORMULA_IN_NAME = re.compile(r"_([A-Z][A-Za-z0-9]*)$")


def read_sbml(content: bytes) -> ModelDraft:
    """Return the draft of an SBML document.

    Identifiers lose the prefixes M_, R_ and G_ and the escapes of SBML, as in cobra.

    Args:
        content: The document, uncompressed.

    Raises:
        ValueError: No XML, or no SBML model in it.
        NetworkError: A reaction whose bound names no parameter, or an objective of an unknown reaction.
    """
    import libsbml

    text = xml_text(content)
    # Each copy of a large model counts.
    del content
    document = libsbml.readSBMLFromString(text)
    del text
    model = document.getModel()
    if model is None or document.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        first = document.getError(0)
        raise ValueError(first.getMessage().strip() if first else "no SBML model in it")
    package = document.getPlugin("fbc")
    if package is not None and package.getPackageVersion() == 1:
        properties = libsbml.ConversionProperties()
        properties.addOption("convert fbc v1 to fbc v2", True, "")
        if document.convert(properties) != libsbml.LIBSBML_OPERATION_SUCCESS:
            raise ValueError("its fbc package of version 1 cannot be converted to version 2")
        model = document.getModel()
    return _SbmlReader(model).draft()


class _SbmlReader:
    """One SBML model on its way to a draft."""

    def __init__(self, model: Any) -> None:
        self._model, self._fbc = model, model.getPlugin("fbc")
        self._notes: list[str] = []
        self._subsystems = self._groups()
        self._lost_objective = ""
        self._objective, self._minimised = self._fbc_objective()

    def draft(self) -> ModelDraft:
        metabolites = [self._metabolite(species) for species in self._model.getListOfSpecies()]
        self._formulas_from_names(metabolites)
        reactions = [self._reaction(reaction) for reaction in self._model.getListOfReactions()]
        self._annotate(metabolites, reactions)
        known = {reaction.id for reaction in reactions}
        for name in self._objective:
            if name not in known:
                raise NetworkError(f"the objective names reaction {name!r}, which the file does not hold")
        genes = frozenset(_gene(g.getIdAttribute()) for g in self._fbc.getListOfGeneProducts()) if self._fbc else ()
        constraints, variables = sbml_constraints(self._model, _reaction_id)
        return ModelDraft(
            self._model.getIdAttribute(),
            metabolites,
            reactions,
            frozenset(genes),
            self._minimised,
            self._notes,
            self._lost_objective,
            constraints=constraints,
            variables=variables,
        )

    def _metabolite(self, species: Any) -> DraftMetabolite:
        plugin = species.getPlugin("fbc")
        notes = _paragraphs(species)
        formula: object = plugin.getChemicalFormula() if plugin else None
        charge: object = plugin.getCharge() if plugin and plugin.isSetCharge() else None
        if not plugin:
            charge = species.getCharge() if species.isSetCharge() else notes.get("CHARGE")
        return DraftMetabolite(
            _metabolite_id(species.getIdAttribute()),
            species.getName(),
            species.getCompartment(),
            formula or notes.get("FORMULA"),
            charge,
            bool(species.getBoundaryCondition()),
        )

    def _annotate(self, metabolites: list[DraftMetabolite], reactions: list[DraftReaction]) -> None:
        """Read the annotations of what crosses the border; those of all metabolites would take a third of the time."""
        outside = {metabolite.id for metabolite in metabolites if metabolite.boundary}
        crossing: set[str] = set()
        for reaction in reactions:
            inside = [name for name in reaction.coefficients if name not in outside]
            if len(inside) <= 1:
                crossing.update(reaction.coefficients)
        for species, metabolite in zip(self._model.getListOfSpecies(), metabolites, strict=True):
            if metabolite.id in crossing:
                metabolite.annotation = _resources(species)

    def _formulas_from_names(self, metabolites: list[DraftMetabolite]) -> None:
        """Files of level 2 end their names with the formula: "D_Glucose_C6H12O6"."""
        if any(metabolite.formula for metabolite in metabolites):
            return
        found = {}
        for metabolite in metabolites:
            match = _FORMULA_IN_NAME.search(metabolite.name)
            if match and read_formula(match[1]):
                found[metabolite.id] = match[1]
        # A habit of the file, not a coincidence.
        if 2 * len(found) <= len(metabolites):
            return
        for metabolite in metabolites:
            metabolite.formula = found.get(metabolite.id)
        self._notes.append(f"formulas of {counted(len(found), 'metabolite')} were taken from the ends of their names")

    def _reaction(self, reaction: Any) -> DraftReaction:
        name = _reaction_id(reaction.getIdAttribute())
        coefficients: dict[str, float] = {}
        for references, sign in ((reaction.getListOfReactants(), -1.0), (reaction.getListOfProducts(), 1.0)):
            for reference in references:
                metabolite = _metabolite_id(reference.getSpecies())
                coefficients[metabolite] = coefficients.get(metabolite, 0.0) + sign * reference.getStoichiometry()
        plugin = reaction.getPlugin("fbc")
        notes = _paragraphs(reaction)
        subsystem = self._subsystems.get(reaction.getIdAttribute(), "")
        rule: str | GeneRule | None
        if plugin:
            lower, upper = (
                self._parameter(name, bound) for bound in (plugin.getLowerFluxBound(), plugin.getUpperFluxBound())
            )
            association = plugin.getGeneProductAssociation()
            rule = _association(association.getAssociation()) if association is not None else None
        else:
            lower, upper, objective = (
                _local_parameter(reaction, key) for key in ("LOWER_BOUND", "UPPER_BOUND", "OBJECTIVE_COEFFICIENT")
            )
            if objective:
                self._objective[name] = objective
            text = notes.get("GENE ASSOCIATION") or notes.get("GENE_ASSOCIATION") or ""
            rule = _renamed(read_gene_rule(text)) if text else None
        return DraftReaction(
            name,
            coefficients,
            lower,
            upper,
            reaction.getName().strip(),
            subsystem or notes.get("SUBSYSTEM", ""),
            rule,
            self._objective.get(name, 0.0),
            bool(reaction.getReversible()),
        )

    def _parameter(self, reaction: str, name: str) -> float | None:
        if not name:
            return None
        parameter = self._model.getParameter(name)
        if parameter is None:
            raise NetworkError(f"a bound of reaction {reaction!r} is the parameter {name!r}, which the file lacks")
        return float(parameter.getValue()) if parameter.isSetValue() else None

    def _fbc_objective(self) -> tuple[dict[str, float], bool]:
        if not self._fbc:
            return {}, False
        objectives = list(self._fbc.getListOfObjectives())
        active = self._fbc.getListOfObjectives().getActiveObjective()
        chosen = [objective for objective in objectives if objective.getIdAttribute() == active]
        if not chosen and len(objectives) == 1:
            chosen = objectives
        if not chosen:
            if objectives:
                self._notes.append(f"the file holds {len(objectives)} objectives and says of none that it is active")
            return {}, False
        if any(term.getVariableTypeAsString() == "quadratic" for term in chosen[0].getListOfFluxObjectives()):
            self._lost_objective = "terms that are not linear"
        terms = {
            _reaction_id(term.getReaction()): float(term.getCoefficient())
            for term in chosen[0].getListOfFluxObjectives()
        }
        return {name: value for name, value in terms.items() if value}, chosen[0].getType() == "minimize"

    def _groups(self) -> dict[str, str]:
        plugin = self._model.getPlugin("groups")
        found: dict[str, str] = {}
        for group in plugin.getListOfGroups() if plugin else ():
            for member in group.getListOfMembers():
                found[member.getIdRef()] = group.getName()
        return found


def _local_parameter(reaction: Any, name: str) -> float | None:
    law = reaction.getKineticLaw()
    parameter = law.getParameter(name) if law is not None else None
    if parameter is None or not parameter.isSetValue() or math.isnan(parameter.getValue()):
        return None
    return float(parameter.getValue())


def _association(node: Any) -> GeneRule | None:
    if node is None:
        return None
    if node.isGeneProductRef():
        return GeneRule("gene", name=_gene(node.getGeneProduct()))
    operands = tuple(rule for child in node.getListOfAssociations() if (rule := _association(child)) is not None)
    return GeneRule("and" if node.isFbcAnd() else "or", operands=operands) if operands else None


def _renamed(rule: GeneRule | None) -> GeneRule | None:
    """The rule with the names of its genes as cobra reads them."""
    if rule is None:
        return None
    name = _gene(rule.name) if rule.kind == "gene" else rule.name
    return GeneRule(rule.kind, name, tuple(r for operand in rule.operands if (r := _renamed(operand)) is not None))


def _resources(species: Any) -> list[str]:
    """Addresses of what the species is, and the identifiers in its notes."""
    import libsbml

    terms = [species.getCVTerm(position) for position in range(species.getNumCVTerms())]
    found = [
        term.getResourceURI(position)
        for term in terms
        if term.getBiologicalQualifierType() == libsbml.BQB_IS
        for position in range(term.getNumResources())
    ]
    notes = _paragraphs(species)
    return found + [f"{database}:{notes[key]}" for key, database in _NOTED.items() if key in notes]


def _paragraphs(element: Any) -> dict[str, str]:
    """What older files write as "KEY: value" into the paragraphs of a note."""
    text = element.getNotesString()
    if not text:
        return {}
    pairs = (match["content"].split(":", 1) for match in _NOTE.finditer(text))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2 and pair[1].strip()}


def _id_reader(prefix: str) -> Callable[[str], str]:
    def read(name: str) -> str:
        return _ESCAPED.sub(lambda match: chr(int(match[1])), name).removeprefix(prefix)

    return read


_metabolite_id, _reaction_id, _plain_gene = (_id_reader(prefix) for prefix in ("M_", "R_", "G_"))


def _gene(name: str) -> str:
    return _plain_gene(name.replace("__SBML_DOT__", "."))
