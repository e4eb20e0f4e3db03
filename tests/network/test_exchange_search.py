import pytest

from metagnn.errors import NetworkError
from metagnn.network import MetabolicNetwork
from metagnn.network.exchange_search import (
    CO2,
    OXYGEN,
    PROTON,
    WATER,
    carried_metabolites,
    exchanged_formulas,
    find_exchanges,
)
from metagnn.testing import toy_network


@pytest.fixture
def respiring() -> MetabolicNetwork:
    equations = {
        "EX_x": "x <=>", "EX_fizz": "-> gas", "EX_air": "gas <=>", "EX_mixture": "gas + x <=>",
        "EX_unknown": "what <=>", "inside": "gas ->", "r": "what -> x + gas",
    }  # fmt: skip
    return toy_network(equations, formulas={"x": "O2", "gas": "CO2"})


def test_exchanges_are_found_by_what_they_carry_alone_in_network_order(respiring: MetabolicNetwork):
    assert find_exchanges(respiring, CO2) == ("EX_fizz", "EX_air")
    assert find_exchanges(respiring, OXYGEN) == ("EX_x",)
    assert find_exchanges(respiring, WATER) == ()


def test_an_unknown_formula_is_none(respiring: MetabolicNetwork):
    assert find_exchanges(respiring, {}) == ()
    assert exchanged_formulas(respiring)["EX_unknown"] == {} == exchanged_formulas(respiring)["EX_mixture"]


def test_sinks_and_demands_answer_by_name_alone(iJO1366: MetabolicNetwork):
    demand = "DM_4crsol_c"
    assert demand in iJO1366.exchanges
    assert demand not in exchanged_formulas(iJO1366)
    formula = exchanged_formulas(iJO1366, [demand])[demand]
    assert formula
    assert demand not in find_exchanges(iJO1366, formula)


def test_gases_and_water_of_real_models_are_found(core: MetabolicNetwork, iJO1366: MetabolicNetwork):
    for network in (core, iJO1366):
        names = [find_exchanges(network, formula) for formula in (CO2, OXYGEN, WATER, PROTON)]
        # Superoxide shares the formula of oxygen.
        superoxide = ("EX_o2s_e",) if network is iJO1366 else ()
        assert names == [("EX_co2_e",), ("EX_o2_e", *superoxide), ("EX_h2o_e",), ("EX_h_e",)]


def test_what_reactions_carry_is_what_stands_in_their_columns(core: MetabolicNetwork):
    S = core.stoichiometry.to_scipy().toarray()
    carried = carried_metabolites(core, core.reactions)
    assert tuple(carried) == core.reactions
    for column, name in enumerate(core.reactions):
        wanted = {core.metabolites[row] for row in S[:, column].nonzero()[0]}
        assert {metabolite.id for metabolite in carried[name]} == wanted
    with pytest.raises(NetworkError, match="'EX_o3_e' is no reaction of e_coli_core"):
        carried_metabolites(core, ["EX_o3_e"])
