import numpy as np
import pytest

from metagnn.analysis.reconciliation.composition_prior import composition_prior
from metagnn.analysis.reconciliation.exchange_laws import find_exchange_laws
from metagnn.analysis.reconciliation.unit_suspects import FACTORS, FITTING, unit_suspects
from metagnn.datasets.rates import present_exchanges
from tests.analysis.reconciliation.true_rates import MEASURED, table_of, true_fluxes, with_contents


@pytest.fixture(scope="module")
def exchange_laws(core):
    return find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), MEASURED)), "elemental")


@pytest.fixture(scope="module")
def rates(core, exchange_laws):
    measured, deviations = table_of(core, true_fluxes(core, 30)).on_network(core)
    return measured[:, exchange_laws.indices], deviations[:, exchange_laws.indices]


def scaled(exchange_laws, rates, reaction: str, factor: float):
    scale = np.where(np.array(exchange_laws.names) == reaction, factor, 1.0)
    return rates[0] * scale, rates[1] * scale


@pytest.mark.parametrize("reaction", ["EX_glc__D_e", "EX_o2_e", "EX_co2_e", "EX_nh4_e"])
@pytest.mark.parametrize("factor", [1000.0, 0.001, 60.0])
def test_a_column_in_a_wrong_unit_is_named_first(exchange_laws, rates, reaction, factor):
    first = unit_suspects(
        exchange_laws, *scaled(exchange_laws, rates, reaction, factor), composition_prior(exchange_laws)
    )[0]
    assert (first.reaction, first.factor) == (reaction, factor)
    assert first.meaning == FACTORS[factor]
    assert first.misfit > 1.0
    assert first.corrected < FITTING


def test_o2_counted_as_atoms_is_named(exchange_laws, rates):
    first = unit_suspects(
        exchange_laws, *scaled(exchange_laws, rates, "EX_o2_e", 2.0), composition_prior(exchange_laws)
    )[0]
    assert (first.reaction, first.factor) == ("EX_o2_e", 2.0)
    assert "atoms counted for molecules" in first.meaning


def test_rows_that_close_accuse_nobody(exchange_laws, rates):
    assert unit_suspects(exchange_laws, *rates, composition_prior(exchange_laws)) == ()


def test_another_organism_is_no_wrong_unit(core, exchange_laws):
    other = with_contents(core, 39.0, 8.5)
    measured, deviations = table_of(core, true_fluxes(other, 30)).on_network(core)
    on_border = measured[:, exchange_laws.indices], deviations[:, exchange_laws.indices]
    assert unit_suspects(exchange_laws, *on_border, composition_prior(exchange_laws)) == ()


def test_suspects_are_sorted_by_what_is_left_and_need_an_elemental_composition(core, exchange_laws, rates):
    wrong = scaled(exchange_laws, rates, "EX_co2_e", 1000.0)
    left = [suspect.corrected for suspect in unit_suspects(exchange_laws, *wrong, composition_prior(exchange_laws))]
    assert left == sorted(left)
    fixed = find_exchange_laws(core, present_exchanges(core, np.isin(np.array(core.reactions), MEASURED)), "fixed")
    assert unit_suspects(fixed, *wrong, composition_prior(fixed)) == ()
