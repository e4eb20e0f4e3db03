import numpy as np
import pytest

from metagnn.errors import NetworkError
from metagnn.network.elements import balance_weights
from metagnn.nn.biomass_column import CONTENTS, LEAST_LEFT, BiomassColumn, conserved_moieties
from metagnn.testing import toy_network


@pytest.fixture(scope="module")
def column(core) -> BiomassColumn:
    return BiomassColumn(core, "elemental", conserved_moieties(core))


def test_without_a_change_it_is_the_column_of_the_network(core, column):
    own = core.stoichiometry.to_dense().numpy()[:, core.reaction_index(core.growth_reaction)]
    assert np.array_equal(column.own, own)
    assert np.array_equal(column.column_at(np.zeros(3)), own)


def test_one_unit_of_each_parameter_changes_one_content_by_one(core, column):
    weights = np.array([balance_weights(core.metabolite_table, name) for name in CONTENTS])
    assert -weights @ column.changes == pytest.approx(np.eye(3), abs=1e-9)
    # Only what biomass is made of changes.
    assert np.abs(column.changes[column.own == 0]).max() == 0.0


def test_currency_that_turns_over_stays(core, column):
    for name in ("atp_c", "adp_c", "nadph_c"):
        assert np.abs(column.changes[core.metabolites.index(name)]).max() < 1e-12


def test_no_coefficient_falls_below_what_must_be_left(column):
    entries = column.own != 0
    for nitrogen in (-4.9, -4.0, -3.0):
        left = column.column_at(np.array([0.0, nitrogen, 0.0]))[entries] / column.own[entries]
        assert left.min() > LEAST_LEFT - 1e-6


def test_precursors_move_relative_to_their_own_and_moieties_stay(core):
    column = BiomassColumn(core, "precursor", conserved_moieties(core))
    # Nothing inside makes NAD+ anew: biomass may not need more of it.
    moved = column.changes @ np.ones(column.changes.shape[1])
    nad = [core.metabolites.index(name) for name in ("nad_c", "nadh_c")]
    assert moved[nad].sum() == pytest.approx(0.0, abs=1e-9)
    assert BiomassColumn(core, "fixed", conserved_moieties(core)).changes.shape == (72, 0)


def test_biomass_that_cannot_change_its_nitrogen_alone_is_refused():
    equations = {"EX_a": "a <=>", "EX_n": "n <=>", "GROW": "a + n ->"}
    formulas, charges = {"a": "C6H12O6", "n": "C2H5N1O2"}, {"a": 0, "n": 0}
    network = toy_network(equations, "GROW", formulas=formulas, charges=charges)
    # Two coefficients cannot set carbon, nitrogen and electrons.
    with pytest.raises(NetworkError, match=r"cannot change its (C|N|electrons) alone"):
        BiomassColumn(network, "elemental", conserved_moieties(network))


def test_a_chain_of_pseudo_metabolites_changes_what_it_is_made_of():
    equations = {
        "EX_glc": "glc <=>",
        "EX_nh4": "nh4 <=>",
        "EX_co2": "co2 <=>",
        "amino": "2 glc + nh4 -> aa + 3 co2",
        "protein": "5 aa -> protein",
        "make": "protein + glc + nh4 -> biomass",
        "growth": "biomass ->",
    }
    network = toy_network(equations, "growth", formulas={"glc": "C6H12O6", "nh4": "NH4", "co2": "CO2", "aa": "C9H3NO3"})
    column = BiomassColumn(network, "elemental", np.zeros((len(network.metabolites), 0)), ("C", "N"))
    assert column.own_contents[:2] == pytest.approx([51.0, 6.0])
    moved = network.with_biomass(column.column_at(np.array([2.0, -0.5])))
    assert moved.biomass_content("C") == pytest.approx(53.0)
    assert moved.biomass_content("N") == pytest.approx(5.5)
    assert column.changes[network.metabolites.index("protein")].tolist() == [0.0, 0.0]
