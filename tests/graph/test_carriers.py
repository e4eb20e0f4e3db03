import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.graph.carriers import find_carriers, main_metabolites
from metagnn.network import MetabolicNetwork
from metagnn.testing import permute_network, random_network, toy_network


def carriers(network: MetabolicNetwork) -> set[str]:
    return {name for name, carrier in zip(network.metabolites, find_carriers(network).carrier, strict=True) if carrier}


def main(network: MetabolicNetwork, reaction: str) -> set[str]:
    (rows,) = main_metabolites(network, [network.reaction_index(reaction)])
    return {network.metabolites[row] for row in rows}


def test_currency_is_told_from_the_carbon_flow_without_a_list_of_names(core: MetabolicNetwork):
    found = carriers(core)
    assert {"atp_c", "adp_c", "nad_c", "nadh_c", "nadp_c", "nadph_c", "h_c", "h2o_c", "pi_c", "co2_c"} <= found
    assert {"q8_c", "q8h2_c"} <= found
    assert not found & {"accoa_c", "g6p_c", "f6p_c", "pep_c", "akg_c", "oaa_c", "glc__D_e"}


@pytest.mark.parametrize(
    ("reaction", "expected"),
    [
        ("PFK", {"f6p_c", "fdp_c"}),
        ("PDH", {"pyr_c", "accoa_c"}),
        ("PYK", {"pep_c", "pyr_c"}),
        ("CS", {"accoa_c", "oaa_c", "cit_c"}),
        ("ICDHyr", {"icit_c", "akg_c"}),
    ],
)
def test_what_a_reaction_turns_over_in_core_and_at_genome_scale(core, iJO1366, reaction: str, expected: set[str]):
    # Pyruvate is a hub of either: it stays, because the rest of its side are carriers more than it is.
    assert main(core, reaction) == expected
    assert main(iJO1366, reaction) == expected


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metabolites=st.integers(2, 14))
def test_no_side_is_emptied_and_nothing_is_invented(seed: int, metabolites: int):
    network = random_network(seed, metabolites, 3 * metabolites)
    S = network.stoichiometry.to_scipy().toarray()
    columns = range(len(network.reactions))
    for column, rows in zip(columns, main_metabolites(network, columns), strict=True):
        for sign in (-1, 1):
            side = set(np.flatnonzero(sign * S[:, column] > 0))
            assert bool(side & set(rows)) == bool(side)
        assert set(rows) <= set(np.flatnonzero(S[:, column]))


def test_a_small_network_has_no_hubs():
    assert carriers(toy_network({"r": "a -> b", "s": "b -> c", "EX_c": "c ->"})) == set()


def test_the_order_of_the_network_does_not_matter(core: MetabolicNetwork):
    rng = np.random.default_rng(0)
    moved = permute_network(
        core, rng.permutation(len(core.reactions)).tolist(), rng.permutation(len(core.metabolites)).tolist()
    )
    assert carriers(moved) == carriers(core)
    assert all(main(moved, name) == main(core, name) for name in ("PDH", "PYK", "GLUDy", "ATPS4r"))
