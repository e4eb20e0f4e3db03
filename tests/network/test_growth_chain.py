import numpy as np

from metagnn.network.growth_chain import biomass_products, enzymes, lumped_growth, sourced_tokens
from metagnn.testing import toy_network

FORMULAS = {"a": "C2", "b": "C3"}


def lumped(equations: dict[str, str], closed: tuple[str, ...] = ()) -> dict[str, float]:
    network = toy_network(equations, "growth", formulas=FORMULAS)
    shut = np.array([name in closed for name in network.reactions])
    growth = network.reaction_index("growth")
    column = lumped_growth(network.stoichiometry.to_scipy().tocsc(), network.metabolite_table, growth, shut)
    return {name: value for name, value in zip(network.metabolites, column.tolist(), strict=True) if value}


def test_pseudo_metabolites_give_way_to_what_growth_forces():
    equations = {"p": "3 a -> protein", "m": "2 protein + b -> biomass", "growth": "biomass ->"}
    assert lumped(equations) == {"a": -6.0, "b": -1.0}


def test_a_metabolite_with_a_formula_or_with_two_makers_stays():
    assert lumped({"r": "a -> b", "growth": "b + a ->"}) == {"a": -1.0, "b": -1.0}
    two = {"p": "3 a -> protein", "q": "2 b -> protein", "growth": "protein + b ->"}
    assert lumped(two) == {"protein": -1.0, "b": -1.0}
    assert lumped(two, closed=("q",)) == {"a": -3.0, "b": -1.0}


def test_what_growth_makes_is_biomass_only_if_it_just_leaves():
    equations = {
        "growth": "a -> biomass + carrier",
        "move": "biomass -> out",
        "EX": "out ->",
        "load": "carrier + a -> c",
    }
    network = toy_network(equations | {"growth_2": "b -> biomass"}, "growth", formulas=FORMULAS)
    S = network.stoichiometry.to_scipy().tocsc()
    products, makers = biomass_products(S, network.metabolite_table, network.reaction_index("growth"))
    assert [network.metabolites[row] for row in products] == ["biomass", "out"]
    assert [network.reactions[column] for column in makers] == ["growth_2"]


def test_tokens_and_enzymes_hold_nothing():
    equations = {"growth": "a + token ->", "s": "-> token", "r": "a + prot_P1 -> b", "EX_n": "n <=>"}
    network = toy_network(equations, "growth", formulas=FORMULAS)
    inside = np.array([name == "s" for name in network.reactions])
    S = network.stoichiometry.to_scipy().tocsc()
    tokens = sourced_tokens(S, network.metabolite_table, network.reaction_index("growth"), inside)
    assert [network.metabolites[row] for row in tokens] == ["token"]
    assert [network.metabolites[row] for row in enzymes(network.metabolite_table)] == ["prot_P1"]
