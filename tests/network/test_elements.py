import dataclasses

import numpy as np
import pytest

from metagnn.errors import NetworkError
from metagnn.network import Metabolite
from metagnn.network.elements import balance_weights, elements_present
from metagnn.testing import toy_network


def electrons(formula: dict[str, float], charge: float = 0.0) -> float:
    return float(balance_weights([Metabolite("x", formula=formula, charge=charge)], "electrons")[0])


@pytest.mark.parametrize(
    ("formula", "charge", "expected"),
    [
        ({"C": 6.0, "H": 12.0, "O": 6.0}, 0.0, 24.0),
        ({"C": 2.0, "H": 3.0, "O": 2.0}, -1.0, 8.0),
        ({"C": 1.0, "O": 2.0}, 0.0, 0.0),
        ({"H": 2.0, "O": 1.0}, 0.0, 0.0),
        ({"H": 1.0}, 1.0, 0.0),
        ({"N": 1.0, "H": 4.0}, 1.0, 0.0),
        ({"P": 1.0, "O": 4.0, "H": 1.0}, -2.0, 0.0),
        ({"S": 1.0, "O": 4.0}, -2.0, 0.0),
        ({"O": 2.0}, 0.0, -4.0),
        ({"Fe": 1.0}, 2.0, -2.0),
        ({"Fe": 1.0}, 3.0, -3.0),
        ({"Cl": 1.0}, -1.0, 1.0),
    ],
)
def test_degree_of_reduction_is_relative_to_the_ends_of_metabolism(formula, charge, expected):
    assert electrons(formula, charge) == expected


def test_elements_are_listed_with_those_of_life_first():
    table = [
        Metabolite("a", formula={"Zn": 1.0, "S": 1.0, "C": 1.0}),
        Metabolite("b"),
        Metabolite("c", formula={"Cl": 1.0}),
    ]
    assert elements_present(table) == ("C", "S", "Cl", "Zn")


@pytest.mark.parametrize(
    ("formula", "complete"),
    [(None, False), ({}, False), ({"C": 1.0}, True), ({"C": 1.0, "R": 1.0}, False), ({"X": 1.0}, False)],
)
def test_residues_and_missing_formulas_are_incomplete(formula, complete):
    assert Metabolite("x", formula=formula).complete is complete


def test_weights_are_zero_where_the_model_does_not_say():
    table = [Metabolite("a"), Metabolite("b", formula={"C": 2.0}, charge=-1.0)]
    for balance, expected in (("C", [0.0, 2.0]), ("charge", [0.0, -1.0]), ("electrons", [0.0, 9.0])):
        np.testing.assert_array_equal(balance_weights(table, balance), expected)


EQUATIONS = {"EX_a": "a <=>", "r": "a -> b + hidden", "s": "hidden ->", "growth": "b ->"}


def test_balances_refuse_and_name_a_metabolite_at_the_border_without_formula():
    network = toy_network(EQUATIONS, "growth", formulas={"a": "C2"}, charges={"a": 0})
    with pytest.raises(NetworkError, match="toy has no C balance: 'b', 'hidden' cross"):
        network.element_balance("C")
    assert network.stoichiometry.shape == (3, 4)


@pytest.mark.parametrize("formula", ["C2R", "C2X"])
def test_balances_refuse_a_residue_at_the_border(formula):
    network = toy_network(EQUATIONS, "growth", formulas={"a": formula, "b": "C2"}, charges={"a": 0, "b": 0})
    with pytest.raises(NetworkError, match=r"no electrons balance: 'a', 'hidden' cross .* no element \(R, X\)"):
        network.element_balance("electrons")


def test_charge_and_electrons_refuse_an_unknown_charge_and_carbon_does_not():
    network = toy_network(EQUATIONS, "growth", formulas={"a": "C2", "b": "C2"}, charges={"a": 0})
    for balance, named in (("charge", "'b', 'hidden' have no charge"), ("electrons", "'b' have no charge")):
        with pytest.raises(NetworkError, match=named):
            network.element_balance(balance)
    assert network.element_balance("C").to_dense().tolist() == [[-2.0, 0.0, 0.0, -2.0]]


def test_many_metabolites_without_formula_are_counted():
    # A reaction of all: with an exchange alone, each would be blocked, and its formula of no use.
    equations = {f"EX_{i}": f"m{i} <=>" for i in range(8)} | {"EX_c": "c <=>", "r": "m0 + m1 + m2 -> m3 + m4 + m5"}
    network = toy_network(equations | {"s": "m6 -> m7"}, formulas={"c": "C"})
    with pytest.raises(NetworkError, match="'m0', 'm1', 'm2', 'm3', 'm4' and 3 more cross"):
        network.element_balance("C")


def test_an_unknown_balance_names_the_known_ones():
    network = toy_network(EQUATIONS, "growth", formulas={"a": "C2", "b": "C2"})
    with pytest.raises(NetworkError, match="'Pb' is no balance of toy"):
        network.element_balance("Pb")
    with pytest.raises(NetworkError, match="is no balance of toy; expected one of 'charge', 'electrons'"):
        toy_network(EQUATIONS).element_balance("qqq")


def test_metabolites_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Metabolite("a").name = "b"  # type: ignore[misc]
