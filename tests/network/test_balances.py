import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metagnn.errors import NetworkError
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network

BALANCES = ("C", "N", "electrons", "charge")


def without_formulas(network: MetabolicNetwork, rows: list[int], charge_only: bool = False) -> MetabolicNetwork:
    table = list(network.metabolite_table)
    for row in rows:
        formula = table[row].formula if charge_only else None
        table[row] = dataclasses.replace(table[row], formula=formula, charge=None)
    return dataclasses.replace(network, metabolite_table=tuple(table))


def internal_rows(network: MetabolicNetwork) -> list[int]:
    crossing = np.flatnonzero(network.balances.crossing)
    outside = set(network.stoichiometry.to_scipy().tocsc()[:, crossing].tocoo().row.tolist())
    return [row for row in range(len(network.metabolites)) if row not in outside]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), charge_only=st.booleans())
def test_derived_contents_are_right_or_unknown(core: MetabolicNetwork, data: st.DataObject, charge_only: bool):
    rows = data.draw(st.lists(st.integers(0, 71), min_size=1, max_size=30, unique=True))
    gapped = without_formulas(core, rows, charge_only)
    for balance in BALANCES:
        true, found = core.contents(balance), gapped.contents(balance)
        known = found.known | found.derived
        np.testing.assert_allclose(found.weights[known], true.weights[known], atol=1e-6)
        row, own = (network.balances.row(balance).to_dense()[0].numpy() for network in (gapped, core))
        np.testing.assert_allclose(row[~found.undetermined], own[~found.undetermined], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_gap_inside_leaves_the_balances_of_the_whole(core: MetabolicNetwork, seed: int):
    rows = np.random.default_rng(seed).choice(internal_rows(core), 5, replace=False).tolist()
    gapped = without_formulas(core, rows)
    for balance in BALANCES:
        contents = gapped.contents(balance)
        assert contents.derived[rows].all()
        own = core.element_balance(balance).to_dense()
        np.testing.assert_allclose(gapped.element_balance(balance).to_dense(), own, atol=1e-6)
        assert gapped.biomass_content(balance) == pytest.approx(core.biomass_content(balance))


def test_nothing_is_derived_where_nothing_is_missing(core: MetabolicNetwork):
    for balance in BALANCES:
        contents = core.contents(balance)
        assert contents.known.all()
        assert not contents.derived.any()
        assert not contents.undetermined.any()


def test_the_order_of_metabolites_and_reactions_does_not_matter():
    forward = {"EX_a": "a <=>", "r": "a -> 2 b", "s": "b + c -> d", "t": "d -> e", "EX_e": "e <=>", "EX_c": "c <=>"}
    formulas = {"a": "C6H12O6", "c": "CO2"}
    networks = [toy_network(dict(items), formulas=formulas) for items in (forward.items(), [*forward.items()][::-1])]
    one, other = (dict(zip(n.metabolites, n.contents("C").weights, strict=True)) for n in networks)
    assert one == pytest.approx(other)
    assert (one["b"], one["e"]) == (3.0, 4.0)


def test_a_contradiction_leaves_a_content_unknown_and_a_majority_does_not():
    two = {"EX_a": "a <=>", "EX_b": "b <=>", "r": "a -> x", "s": "b -> x", "EX_x": "x <=>"}
    formulas = {"a": "C2", "b": "C3"}
    split = toy_network(two, formulas=formulas)
    assert not split.contents("C").derived.any()
    with pytest.raises(NetworkError, match="'x' cross its border"):
        split.element_balance("C")
    three = toy_network(two | {"EX_c": "c <=>", "t": "c -> x"}, formulas=formulas | {"c": "C2"})
    assert three.contents("C").weights[three.metabolites.index("x")] == 2.0


def test_a_residue_is_derived_and_a_moiety_is_known_in_sum():
    equations = {
        "EX_a": "a <=>",
        "load": "a + carrier -> loaded",
        "growth": "loaded -> carrier",
        "EX_carrier": "carrier <=>",
    }
    formulas = {"a": "C2", "carrier": "R", "loaded": "C7R"}
    network = toy_network(equations, "growth", formulas=formulas)
    # What the carrier holds is open; what growth takes off it is not.
    assert network.biomass_content("C") == pytest.approx(2.0)
    assert not network.contents("C").derived.any()


CHAIN = {
    "EX_glc": "glc <=>",
    "EX_nh4": "nh4 <=>",
    "amino": "glc + nh4 -> 2 aa",
    "protein": "5 aa -> protein",
    "sugar": "2 glc -> carbohydrate",
    "make": "protein + carbohydrate -> biomass",
}
CONTENT = {"glc": "C6", "nh4": "N"}


@pytest.mark.parametrize(
    "last",
    [
        {"growth": "biomass ->"},
        {"make": "protein + carbohydrate -> biomass", "EX_biomass": "biomass ->"},
        {
            "make": "protein + carbohydrate + token -> biomass",
            "move": "biomass -> biomass_e",
            "EX_biomass_e": "biomass_e ->",
            "token_source": "-> token",
        },
    ],
)
def test_biomass_that_is_a_chain_of_pseudo_metabolites_has_its_contents(last: dict[str, str]):
    growth = "growth" if "growth" in last else "make"
    network = toy_network(CHAIN | last, growth, formulas=CONTENT)
    assert network.biomass_content("C") == pytest.approx(5 * 3 + 12)
    assert network.biomass_content("N") == pytest.approx(2.5)
    row = network.element_balance("C").to_dense()[0]
    assert row.nonzero().ravel().tolist() == sorted(network.reaction_index(name) for name in ("EX_glc", growth))


def test_a_blocked_or_closed_exchange_needs_no_formula():
    equations = {"EX_a": "a <=>", "r": "a -> b", "growth": "b ->", "EX_x": "x <=>", "s": "x -> y", "EX_z": "z <=>"}
    formulas = {"a": "C2", "b": "C2"}
    dead_end = toy_network(equations, "growth", formulas=formulas)
    dead_end.element_balance("C")
    flowing = toy_network(equations | {"t": "y -> z"}, "growth", formulas=formulas)
    with pytest.raises(NetworkError, match=r"'x', 'z' cross its border .* close 'EX_x', 'EX_z'"):
        flowing.element_balance("C")
    flowing.knock_out(["EX_z"]).element_balance("C")
    open_ways = np.array([name in ("EX_a", "growth") for name in flowing.reactions])
    flowing.element_balance("C", open=open_ways)


def test_media_share_what_was_derived(core: MetabolicNetwork):
    gapped = without_formulas(core, [0])
    assert gapped.with_medium({"EX_glc__D_e": 5.0}).balances is gapped.balances
    assert gapped.knock_out(["PGI"]).balances is gapped.balances
