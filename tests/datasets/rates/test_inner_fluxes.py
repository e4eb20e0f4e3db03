import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.rates import RateReader, read_rates
from metagnn.datasets.rates.inner_fluxes import empty_deviations
from metagnn.errors import TableError

FLUXES = {"growth": [0.4], "growth_std": [0.01], "EX_glc__D_e": [-5.0], "PGI": [3.0], "PFK": [4.0], "GND": [1.0]}


def test_fluxes_inside_are_read_with_growth_in_the_units_of_the_network(core):
    rates = read_rates(core, pd.DataFrame(FLUXES))
    assert dict(zip(rates.reactions, rates.rates[0].tolist(), strict=True)) == {
        core.growth_reaction: 0.4, "EX_glc__D_e": -5.0, "PGI": 3.0, "PFK": 4.0, "GND": 1.0,
    }  # fmt: skip
    assert rates.deviations[0, 0] == 0.01
    assert rates.deviations[0, 2] == pytest.approx(0.15)


def test_a_flux_that_the_network_lacks_is_left_out_and_said_so(core):
    table = pd.DataFrame(FLUXES | {"EDD": [0.1], "EDD_std": [0.05]})
    rates = read_rates(core, table)
    assert "EDD" not in rates.reactions
    said = {column.column: column.meaning for column in rates.columns if not column.reaction}
    assert said == dict.fromkeys(("EDD", "EDD_std"), "left out: e_coli_core has no such reaction")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"EX_glc__D_e": [-5.0], "EDD": [0.1]}, "no exchange of e_coli_core is 'EDD'"),
        (FLUXES | {"EX_gal_e": [0.0]}, "no exchange of e_coli_core is 'EX_gal_e'"),
        (FLUXES | {"galactose": [0.0]}, "no exchange of e_coli_core is 'galactose'"),
        ({"growth": [0.4], "glucose_uptake_g_per_gDW_h": [1.0]}, "'growth' has no unit"),
    ],
)
def test_what_is_no_flux_inside_is_refused_as_before(core, columns, message):
    with pytest.raises(TableError, match=message):
        RateReader(core, list(columns))


def test_a_deviation_of_zero_is_none_where_programs_write_it_for_none():
    deviations, rates = np.array([0.0, 0.1, 0.0, np.nan]), np.array([0.0, 2.0, 3.0, 1.0])
    assert empty_deviations(deviations, rates, inside=False).tolist() == [True, False, False, False]
    assert empty_deviations(deviations, rates, inside=True).tolist() == [True, False, True, False]
    assert empty_deviations(0 * deviations, rates, inside=False).tolist() == [True, True, True, False]


def test_a_zero_without_a_deviation_is_known_like_the_rest_of_its_column(core):
    table = pd.DataFrame({"EX_ac_e": [0.0, -10.0], "EX_ac_e_std": [0.0, 0.0], "EX_o2_e": [-1.0, -1.0]})
    assert read_rates(core, table).deviations[:, 0] == pytest.approx([0.5, 0.5])
