"""The one translation from cobra's object model to arrays, and the one way to load a model."""

from __future__ import annotations

import ast
import contextlib
import logging
import warnings
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metagnn.errors import NetworkError, unknown_name
from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.gene_rule import GeneRule
from metagnn.network.incidence import Incidence
from metagnn.network.metabolic_network import MetabolicNetwork, Reaction

if TYPE_CHECKING:
    import cobra

BUNDLED = {"e_coli_core": "textbook", "textbook": "textbook", "iJO1366": "iJO1366", "salmonella": "salmonella"}
"""Names of the models that cobra carries, so that they load offline."""

FILE_ENDINGS = (".xml", ".xml.gz", ".sbml", ".sbml.gz", ".json", ".mat", ".yml", ".yaml")

ALIASES = {"BIOMASS_Ecoli_core_w_GAM": "Biomass_Ecoli_core"}
"""Names under which other releases of a model know a reaction."""


def load_network(source: str | Path | cobra.Model) -> MetabolicNetwork:
    """Load a metabolic network.

    Args:
        source: "e_coli_core", "iJO1366" or "salmonella" (offline), the path of a model (SBML plain or gzipped,
            JSON, MAT, YAML), or a cobra model.

    Raises:
        NetworkError: An unknown name (the nearest are given), a missing, empty or truncated file, or a file
            that is no model.

    >>> load_network("e_coli_core")
    MetabolicNetwork('e_coli_core', 72 metabolites, 95 reactions)
    """
    import cobra

    if isinstance(source, cobra.Model):
        return from_cobra(source)
    if not isinstance(source, (str, Path)):
        raise NetworkError(f"`source` is a {type(source).__name__}; expected a name, a path or a cobra.Model")
    name = str(source)
    if name in BUNDLED:
        return from_cobra(_bundled(BUNDLED[name]))
    path = Path(source)
    if not path.exists() and not name.lower().endswith(FILE_ENDINGS):
        raise NetworkError(unknown_name(name, [n for n in BUNDLED if n != "textbook"], "known model and no file"))
    return from_cobra(_read_file(path))


def _bundled(name: str) -> cobra.Model:
    import cobra.io

    with resources.as_file(resources.files("cobra.data") / f"{name}.xml.gz") as path, _quiet_cobra():
        model = cobra.io.read_sbml_model(str(path))
    if name == "textbook":
        model.id = "e_coli_core"
    return model


def _read_file(path: Path) -> cobra.Model:
    import cobra.io

    if not path.is_file():
        raise NetworkError(f"no model file at '{path}'; expected one of {', '.join(FILE_ENDINGS)}")
    if path.stat().st_size == 0:
        raise NetworkError(f"'{path}' is empty; expected a model ({', '.join(FILE_ENDINGS)})")
    name = path.name.lower()
    if name.endswith((".xml", ".xml.gz", ".sbml", ".sbml.gz")):
        reader = cobra.io.read_sbml_model
    elif name.endswith(".json"):
        reader = cobra.io.load_json_model
    elif name.endswith(".mat"):
        reader = cobra.io.load_matlab_model
    elif name.endswith((".yml", ".yaml")):
        reader = cobra.io.load_yaml_model
    else:
        raise NetworkError(f"'{path}' has an unknown ending; expected one of {', '.join(FILE_ENDINGS)}")
    try:
        with _quiet_cobra():
            model = reader(str(path))
    # The readers of four formats fail in as many ways (XML, zlib, JSON, MAT, YAML, KeyError, …).
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise NetworkError(
            f"'{path}' cannot be read as a model: it is truncated, damaged or something else "
            f"({type(error).__name__}: {reason[0][:160] if reason else 'no reason given'})"
        ) from error
    if not model.reactions:
        raise NetworkError(f"'{path}' holds a model without reactions")
    return model


@contextlib.contextmanager
def _quiet_cobra() -> Iterator[None]:
    """Silence cobra's notes on the file it reads; what matters is checked afterwards and raised."""
    logger = logging.getLogger("cobra")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def from_cobra(model: cobra.Model) -> MetabolicNetwork:
    """Translate a cobra model.

    Args:
        model: The model; it is not changed.

    Raises:
        NetworkError: A model without reactions, or with a bound that is NaN or a lower bound above its upper.
    """
    import cobra.util

    if not model.reactions:
        raise NetworkError("`model` has no reactions")
    reactions = tuple(reaction.id for reaction in model.reactions)
    metabolites = tuple(metabolite.id for metabolite in model.metabolites)
    with _quiet_cobra():
        exchanges = tuple(reaction.id for reaction in model.exchanges)
        matrix = cobra.util.create_stoichiometric_matrix(model, array_type="lil")
        metabolite_table = tuple(_metabolite(metabolite) for metabolite in model.metabolites)
    sign = -1.0 if model.objective_direction == "min" else 1.0
    objective = cobra.util.solver.linear_reaction_coefficients(model)
    return MetabolicNetwork(
        id=model.id or "network",
        stoichiometry=Incidence.from_scipy(matrix, metabolites, reactions),
        bounds=FluxBounds(
            reactions,
            np.array([reaction.lower_bound for reaction in model.reactions], dtype=np.float64),
            np.array([reaction.upper_bound for reaction in model.reactions], dtype=np.float64),
        ),
        objective={
            reaction.id: sign * float(coefficient) for reaction, coefficient in objective.items() if coefficient
        },
        exchanges=exchanges,
        metabolite_table=metabolite_table,
        reaction_table=tuple(
            Reaction(reaction.id, reaction.name or "", reaction.subsystem or "", _gene_rule(reaction.gpr))
            for reaction in model.reactions
        ),
        aliases={alias: name for alias, name in ALIASES.items() if name in reactions and alias not in reactions},
    )


def _metabolite(metabolite: cobra.Metabolite) -> Metabolite:
    # cobra answers with None or {} where the formula is missing or cannot be parsed.
    elements = metabolite.elements or None
    formula = {name: float(count) for name, count in elements.items()} if elements else None
    charge = None if metabolite.charge is None or np.isnan(metabolite.charge) else float(metabolite.charge)
    return Metabolite(metabolite.id, metabolite.name or "", metabolite.compartment or "", formula, charge)


def _gene_rule(gpr: cobra.core.gene.GPR) -> GeneRule | None:
    return _translate_rule(gpr.body) if gpr is not None and gpr.body is not None else None


def _translate_rule(node: Any) -> GeneRule:
    if isinstance(node, ast.Name):
        return GeneRule("gene", name=node.id)
    kind = "and" if isinstance(node.op, ast.And) else "or"
    return GeneRule(kind, operands=tuple(_translate_rule(value) for value in node.values))
