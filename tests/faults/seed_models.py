"""A small model with formulas, charges and gene rules, written in each format of models."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import scipy.io
import scipy.sparse
import yaml

_FORMULAS = {"glc": ("C6H12O6", 0), "o2": ("O2", 0), "co2": ("CO2", 0), "nh4": ("H4N", 1), "h2o": ("H2O", 0)} | {
    "h": ("H", 1),
    "ac": ("C2H3O2", -1),
}
_UPTAKE = {"glc": -10.0, "o2": -20.0, "nh4": -1000.0, "h2o": -1000.0, "h": -1000.0}


def toy_document() -> dict[str, Any]:
    """The model as cobra's JSON: glucose is burned, turned into acetate or into biomass."""
    metabolites = [
        {"id": f"{name}_{place}", "name": name, "compartment": place, "charge": charge, "formula": formula}
        for name, (formula, charge) in _FORMULAS.items()
        for place in ("e", "c")
    ]
    reactions = []
    for name in _FORMULAS:
        reactions.append(_reaction(f"EX_{name}_e", {f"{name}_e": -1.0}, _UPTAKE.get(name, 0.0)))
        reactions.append(_reaction(f"{name.upper()}t", {f"{name}_e": -1.0, f"{name}_c": 1.0}, -1000.0))
    reactions += [
        _reaction("BURN", {"glc_c": -1.0, "o2_c": -6.0, "co2_c": 6.0, "h2o_c": 6.0}, 0.0, "g1 and g2"),
        _reaction(
            "OVER", {"glc_c": -1.0, "o2_c": -2.0, "ac_c": 2.0, "h_c": 2.0, "co2_c": 2.0, "h2o_c": 2.0}, 0.0, "g3"
        ),
        _reaction("GROWTH", {"glc_c": -7.0, "nh4_c": -8.0, "o2_c": -4.0, "co2_c": 2.0, "h_c": 8.0, "h2o_c": 15.0}, 0.0),
    ]
    reactions[-1]["objective_coefficient"] = 1.0
    return {
        "id": "toy",
        "compartments": {"c": "cytosol", "e": "outside"},
        "genes": [{"id": name, "name": name} for name in ("g1", "g2", "g3")],
        "metabolites": metabolites,
        "reactions": reactions,
        "version": "1",
    }


def _reaction(name: str, metabolites: dict[str, float], lower: float, rule: str = "") -> dict[str, Any]:
    return {
        "id": name,
        "name": name.lower(),
        "metabolites": metabolites,
        "lower_bound": lower,
        "upper_bound": 1000.0,
        "gene_reaction_rule": rule,
        "subsystem": "all",
    }


def json_models() -> list[bytes]:
    """The model as JSON, dense and indented."""
    document = toy_document()
    return [json.dumps(document).encode(), json.dumps(document, indent=1).encode()]


def yaml_models() -> list[bytes]:
    """The model as YAML of cobra, and in the list of pairs that other toolboxes write."""
    document = toy_document()
    plain = yaml.safe_dump(document, sort_keys=False)
    flow = yaml.safe_dump(document, default_flow_style=True)
    return [plain.encode(), flow.encode(), ("--- !!omap\n" + plain).encode()]


def mat_model(document: dict[str, Any], compressed: bool) -> bytes:
    """A document as a struct of the COBRA Toolbox."""
    metabolites, reactions = document["metabolites"], document["reactions"]
    place = {metabolite["id"]: row for row, metabolite in enumerate(metabolites)}
    S = scipy.sparse.lil_array((len(metabolites), len(reactions)))
    for column, reaction in enumerate(reactions):
        for name, coefficient in reaction["metabolites"].items():
            S[place[name], column] = coefficient
    fields = {
        "rxns": _cells(r["id"] for r in reactions),
        "mets": _cells(f"{m['id'][:-2]}[{m['compartment']}]" for m in metabolites),
        "S": scipy.sparse.csc_array(S),
        "lb": np.array([[r["lower_bound"]] for r in reactions]),
        "ub": np.array([[r["upper_bound"]] for r in reactions]),
        "c": np.array([[r.get("objective_coefficient", 0.0)] for r in reactions]),
        "b": np.zeros((len(metabolites), 1)),
        "csense": "E" * len(metabolites),
        "metFormulas": _cells(m["formula"] for m in metabolites),
        "metCharges": np.array([[float(m["charge"])] for m in metabolites]),
        "genes": _cells(g["id"] for g in document["genes"]),
        "grRules": _cells(r["gene_reaction_rule"] for r in reactions),
        "subSystems": _cells(r["subsystem"] for r in reactions),
    }
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"model": fields}, do_compression=compressed)
    return buffer.getvalue()


def mat_models() -> list[bytes]:
    """The model as a MATLAB file, plain and compressed."""
    return [mat_model(toy_document(), False), mat_model(toy_document(), True)]


def _cells(texts: Any) -> np.ndarray:
    texts = list(texts)
    column = np.empty((len(texts), 1), dtype=object)
    column[:, 0] = texts
    return column


def sbml_models() -> list[bytes]:
    """The model as SBML level 3 with flux balance constraints, and as level 2 with bounds in kinetic laws."""
    document = toy_document()
    return [_level_3(document).encode(), _level_2(document).encode()]


_LEVEL_3 = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"
 xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2" fbc:required="false">
<model id="toy" fbc:strict="true"><listOfCompartments><compartment id="c" constant="true"/>
<compartment id="e" constant="true"/></listOfCompartments><listOfSpecies>{species}</listOfSpecies>
<listOfParameters>{parameters}</listOfParameters><listOfReactions>{reactions}</listOfReactions>
<fbc:listOfObjectives fbc:activeObjective="obj"><fbc:objective fbc:id="obj" fbc:type="maximize">
<fbc:listOfFluxObjectives><fbc:fluxObjective fbc:reaction="R_GROWTH" fbc:coefficient="1"/>
</fbc:listOfFluxObjectives></fbc:objective></fbc:listOfObjectives>
<fbc:listOfGeneProducts>{genes}</fbc:listOfGeneProducts></model></sbml>"""

CONSTANT = 'constant="true"'

_LEVEL_2 = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="toy">
<listOfCompartments><compartment id="c"/><compartment id="e"/></listOfCompartments>
<listOfSpecies>{species}</listOfSpecies><listOfReactions>{reactions}</listOfReactions></model></sbml>"""


def _level_3(document: dict[str, Any]) -> str:
    species = "".join(
        f'<species id="M_{m["id"]}" name="{m["name"]}" compartment="{m["compartment"]}" hasOnlySubstanceUnits="false" '
        f'boundaryCondition="false" constant="false" fbc:charge="{m["charge"]}" fbc:chemicalFormula="{m["formula"]}"/>'
        for m in document["metabolites"]
    )
    values = sorted({value for r in document["reactions"] for value in (r["lower_bound"], r["upper_bound"])})
    names = {value: f"bound_{position}" for position, value in enumerate(values)}
    parameters = "".join(f'<parameter id="{name}" value="{value}" constant="true"/>' for value, name in names.items())
    reactions = "".join(
        f'<reaction id="R_{r["id"]}" reversible="{str(r["lower_bound"] < 0).lower()}" fast="false" '
        f'fbc:lowerFluxBound="{names[r["lower_bound"]]}" fbc:upperFluxBound="{names[r["upper_bound"]]}">'
        f"{_sides(r, CONSTANT)}{_association(r['gene_reaction_rule'])}</reaction>"
        for r in document["reactions"]
    )
    genes = "".join(f'<fbc:geneProduct fbc:id="G_{g["id"]}" fbc:label="{g["id"]}"/>' for g in document["genes"])
    return _LEVEL_3.format(species=species, parameters=parameters, reactions=reactions, genes=genes)


def _level_2(document: dict[str, Any]) -> str:
    species = "".join(
        f'<species id="M_{m["id"]}" name={quoteattr(m["name"] + "_" + m["formula"])} compartment="{m["compartment"]}"/>'
        for m in document["metabolites"]
    )
    reactions = ""
    for r in document["reactions"]:
        values = (r["lower_bound"], r["upper_bound"], r.get("objective_coefficient", 0))
        keys = ("LOWER_BOUND", "UPPER_BOUND", "OBJECTIVE_COEFFICIENT")
        stated = "".join(f'<parameter id="{key}" value="{value}"/>' for key, value in zip(keys, values, strict=True))
        notes = f"<p>GENE_ASSOCIATION: {r['gene_reaction_rule']}</p><p>SUBSYSTEM: all</p>"
        reactions += (
            f'<reaction id="R_{r["id"]}" reversible="{str(r["lower_bound"] < 0).lower()}">'
            f'<notes><html xmlns="http://www.w3.org/1999/xhtml">{notes}</html></notes>{_sides(r)}'
            '<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>FLUX</ci></math><listOfParameters>'
            f'{stated}<parameter id="FLUX" value="0"/></listOfParameters></kineticLaw></reaction>'
        )
    return _LEVEL_2.format(species=species, reactions=reactions)


def _sides(reaction: dict[str, Any], more: str = "") -> str:
    text = ""
    for kind, sign in (("listOfReactants", -1), ("listOfProducts", 1)):
        part = "".join(
            f'<speciesReference species="M_{name}" stoichiometry="{abs(value)}" {more}/>'
            for name, value in reaction["metabolites"].items()
            if value * sign > 0
        )
        text += f"<{kind}>{part}</{kind}>" if part else ""
    return text


def _association(rule: str) -> str:
    if not rule:
        return ""
    refs = "".join(f'<fbc:geneProductRef fbc:geneProduct="G_{name}"/>' for name in rule.split(" and "))
    inner = f"<fbc:and>{refs}</fbc:and>" if " and " in rule else refs
    return f"<fbc:geneProductAssociation>{inner}</fbc:geneProductAssociation>"
