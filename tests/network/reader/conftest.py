import copy
from collections.abc import Callable
from typing import Any

import pytest


def _reaction(name: str, metabolites: dict[str, float], lower: float, upper: float, rule: str = "") -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "metabolites": metabolites,
        "lower_bound": lower,
        "upper_bound": upper,
        "gene_reaction_rule": rule,
    }


TOY = {
    "id": "toy",
    "compartments": {"c": "cytosol", "e": "extracellular"},
    "genes": [{"id": "g1", "name": "g1"}],
    "metabolites": [
        {"id": name, "name": name, "compartment": name[-1], "charge": 0, "formula": formula}
        for name, formula in (("glc_e", "C6H12O6"), ("glc_c", "C6H12O6"), ("co2_e", "CO2"), ("co2_c", "CO2"))
    ],
    "reactions": [
        _reaction("EX_glc_e", {"glc_e": -1}, -10, 1000),
        _reaction("EX_co2_e", {"co2_e": -1}, 0, 1000),
        _reaction("GLCt", {"glc_e": -1, "glc_c": 1}, 0, 1000, "g1"),
        _reaction("CO2t", {"co2_c": -1, "co2_e": 1}, -1000, 1000),
        _reaction("BURN", {"glc_c": -1, "co2_c": 6}, 0, 1000, "g1"),
        _reaction("BIO", {"glc_c": -1}, 0, 1000) | {"objective_coefficient": 1},
    ],
}


@pytest.fixture
def toy() -> Callable[..., dict[str, Any]]:
    """A small model as a document, changed by what is passed: `metabolites` or `reactions`, by position."""

    def build(**changes: dict[int, dict[str, Any]]) -> dict[str, Any]:
        document = copy.deepcopy(TOY)
        for kind, entries in changes.items():
            for position, change in entries.items():
                document[kind][position] |= change  # type: ignore[index]
        return document

    return build
