import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws, elemental_exchange_laws, find_exchange_laws
from metagnn.analysis.reconciliation.trace_exchanges import boundary_reactions, trace_needs
from metagnn.datasets.rates import present_exchanges
from metagnn.network.compression import null_basis
from metagnn.network.elements import balance_weights
from metagnn.nn.biomass_column import BiomassColumn, conserved_moieties
from metagnn.testing import toy_network
from tests.analysis.reconciliation.true_rates import MEASURED, true_fluxes


@pytest.fixture(scope="module")
def exchange_laws(core) -> ExchangeLaws:
    measured = np.isin(np.array(core.reactions), MEASURED)
    return find_exchange_laws(core, present_exchanges(core, measured), "elemental")


def test_every_steady_state_obeys_the_laws(core, exchange_laws):
    fluxes = true_fluxes(core, 5)[:, exchange_laws.indices]
    assert np.abs(fluxes @ exchange_laws.matrix.T).max() < 1e-8


def test_laws_are_all_there_are(core, exchange_laws):
    """What obeys them is the boundary flux of some steady state: as many laws as the rank of S leaves."""
    inside = np.ones(len(core.reactions), dtype=bool)
    inside[exchange_laws.indices] = False
    inside &= ~boundary_reactions(core)
    S = core.stoichiometry.to_dense().numpy()
    used = inside.copy()
    used[exchange_laws.indices] = True
    count = np.linalg.matrix_rank(S[:, used]) - np.linalg.matrix_rank(S[:, inside])
    assert len(exchange_laws.matrix) == count == np.linalg.matrix_rank(exchange_laws.matrix)


@settings(max_examples=20, deadline=None)
@given(st.floats(-12, 4), st.floats(-1, 5), st.floats(-40, 20))
def test_a_column_has_the_contents_asked_for_and_nothing_else_changes(core, exchange_laws, carbon, nitrogen, electrons):
    theta = np.array([carbon, nitrogen, electrons])
    table = core.metabolite_table
    own = exchange_laws.biomass.own
    for column in (own + exchange_laws.column_changes @ theta, exchange_laws.biomass.column_at(theta)):
        change = column - own
        for balance, wanted in zip(("C", "N", "electrons", "P", "S", "charge"), (*theta, 0, 0, 0), strict=True):
            assert -balance_weights(table, balance) @ change == pytest.approx(wanted, abs=1e-6)
        # Growth is possible: the change can be made at steady state by some fluxes.
        S = core.stoichiometry.to_dense().numpy()
        made = np.linalg.lstsq(S, change, rcond=1e-11)[0]
        assert np.abs(S @ made - change).max() < 1e-7


def test_no_coefficient_turns_where_the_contents_can_be_had_without(core, exchange_laws):
    own = exchange_laws.biomass.own
    theta = np.array([0.0, -4.7, 0.0])
    linear, column = own + exchange_laws.column_changes @ theta, exchange_laws.biomass.column_at(theta)
    entries = own != 0
    assert (linear[entries] / own[entries]).min() < 0.1
    assert (column[entries] / own[entries]).min() > 0.0999


def test_redundancy_counts_measurements_that_the_others_predict(core, exchange_laws):
    names = list(exchange_laws.names)
    known = np.zeros((3, len(names)), dtype=bool)
    for name in MEASURED:
        known[:, names.index(name)] = True
    known[:, -1] = True
    known[1, names.index("EX_co2_e")] = False
    known[2, :-1] = False
    # Carbon, nitrogen, electrons; without CO2 no carbon; growth alone is predicted by nothing.
    assert exchange_laws.redundancy(known).tolist() == [3, 2, 0]


def test_core_needs_no_traces_and_precursors_have_a_parameter_each(core, exchange_laws):
    present = np.zeros(len(core.reactions), dtype=bool)
    present[exchange_laws.indices[:-1]] = True
    assert not trace_needs(core, present).any()
    moieties = conserved_moieties(core, boundary_reactions(core) & ~present)
    column = BiomassColumn(core, "precursor", moieties)
    assert column.changes.shape[1] == np.count_nonzero(column.own)
    assert BiomassColumn(core, "fixed", moieties).changes.shape[1] == 0


def test_a_nutrient_that_is_absent_but_needed_is_a_trace(core):
    present = present_exchanges(core, np.isin(np.array(core.reactions), MEASURED))
    present[core.reaction_index("EX_pi_e")] = False
    needed = trace_needs(core, present) > 0
    assert [core.reactions[index] for index in np.flatnonzero(needed)] == ["EX_pi_e"]


def test_what_is_observed_inside_obeys_laws_of_its_own(core, exchange_laws):
    inside = np.isin(np.array(core.reactions), ["PGI", "GND", "PFK", "CS"])
    present = np.zeros(len(core.reactions), dtype=bool)
    present[exchange_laws.indices[:-1]] = True
    laws = find_exchange_laws(core, present, "elemental", inside)
    assert set(laws.names) == {*exchange_laws.names, "PGI", "GND", "PFK", "CS"}
    assert len(laws.matrix) > len(exchange_laws.matrix)
    fluxes = true_fluxes(core, 4)[:, laws.indices]
    assert np.abs(fluxes @ laws.matrix.T).max() < 1e-8
    alone = elemental_exchange_laws(laws)
    assert alone.names == exchange_laws.names
    assert np.abs(alone.matrix @ null_basis(exchange_laws.matrix)).max() < 1e-8
    assert elemental_exchange_laws(exchange_laws) is exchange_laws


def test_a_metal_that_the_data_name_is_an_unknown():
    equations = {"EX_a": "a <=>", "EX_fe": "fe <=>", "EX_pi": "pi <=>", "growth": "a + 0.001 fe + pi ->"}
    formulas = {"a": "C6H12O6", "fe": "Fe", "pi": "HO4P"}
    network = toy_network(equations, "growth", formulas=formulas, charges={"a": 0, "fe": 2, "pi": -2})
    present = np.array([True, True, True, False])
    assert find_exchange_laws(network, present, "fixed").open.tolist() == [True, False, True, True]
    assert find_exchange_laws(network, present, "fixed", present).open.all()
