import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.rates import RateTable, read_rates, without_sentinels
from metagnn.datasets.rates.sentinels import find_codes
from metagnn.errors import TableError
from metagnn.network import load_network


@pytest.fixture(scope="module")
def core():
    return load_network("e_coli_core")


@pytest.mark.parametrize("code", [-999.0, 999.0, 9999.0, -9999.0, 1000.0, -1000.0, 999.9])
def test_a_code_far_from_the_other_values_is_told_from_them(code):
    column = np.array([-8.4, code, code, -16.4])
    codes, reason = find_codes(column)
    assert codes.tolist() == [False, True, True, False]
    assert "placeholder" in reason
    assert "-16.4" in reason


@pytest.mark.parametrize(
    ("column", "positive"),
    [
        ([1000.0, 950.0, 1010.0], True),  # the others are as large
        ([-0.8, -1.0, -1.2], False),  # an uptake among uptakes
        ([0.2, -1.0, 1.1], False),  # acetate taken up again
        ([5.0, 5.0, 5.0], True),
        ([3.0, 4.0, 25.0, 25.0], True),  # repeated, but not far
        ([-0.02, 0.3, 0.4], True),  # slightly negative growth
        ([-1.0, -2.0, -3.0], True),  # a column with the wrong sign
        ([0.0, 0.0, 7.0], False),
    ],
)
def test_measurements_are_no_codes(column, positive):
    assert not find_codes(np.array(column), positive)[0].any()


@pytest.mark.parametrize(
    ("column", "positive", "expected"),
    [
        ([3.0, -1.0, 5.0], True, [1]),
        ([9.0, -1.0, 14.4, 17.4], False, [1]),
        ([-999.0, -999.0], False, [0, 1]),
        ([-1.0, -1.0, -1.0], True, [0, 1, 2]),
        ([3.0, 4.0, 250.0, 250.0], True, [2, 3]),
        ([np.nan, 7.0, -99.0], True, [2]),
    ],
)
def test_negative_and_repeated_numbers_are_codes_where_only_measurements_can_be_positive(column, positive, expected):
    assert np.flatnonzero(find_codes(np.array(column), positive)[0]).tolist() == expected


def test_a_single_code_needs_a_size_that_no_cell_reaches():
    assert not find_codes(np.array([1000.0]), True)[0].any()
    assert find_codes(np.array([1000.0]), True, 500.0)[0].all()


def test_codes_are_found_in_the_units_of_the_table_and_become_empty_cells(core):
    table = pd.DataFrame(
        {
            "sample": ["a", "b", "c"],
            "growth [1/h]": [0.3, 0.4, -1.0],
            "glucose_uptake_g_per_gDW_h": [0.9, -999.0, 1.1],
            "glucose_uptake_g_per_gDW_h_std": [0.05, -999.0, 0.05],
            "EX_co2_e": [9.0, 12.0, -1.0],
        }
    )
    rates = read_rates(core, table)
    glucose = rates.reactions.index("EX_glc__D_e")
    assert np.isnan(rates.rates).tolist() == np.isnan(rates.deviations).tolist()
    assert np.isnan(rates.rates[:, glucose]).tolist() == [False, True, False]
    assert [(s.column, s.value, s.samples) for s in rates.sentinels] == [
        ("growth [1/h]", -1.0, ("c",)),
        ("glucose_uptake_g_per_gDW_h", -999.0, ("b",)),
        ("EX_co2_e", -1.0, ("c",)),
    ]
    assert without_sentinels(core, rates) is rates


def test_a_rate_against_its_words_stays_an_error(core):
    with pytest.raises(TableError, match=r"'glucose_uptake_mmol_per_gDW_h'.*runs against its meaning, uptake"):
        read_rates(core, pd.DataFrame({"growth [1/h]": [0.3, 0.4], "glucose_uptake_mmol_per_gDW_h": [-3.0, 4.0]}))


def table_of(**columns) -> RateTable:
    rates = np.array(list(columns.values())).T
    return RateTable(("a", "b"), tuple(columns), rates, np.full(rates.shape, 0.01))


def test_a_table_made_by_hand_is_cleaned_too(core):
    cleaned = without_sentinels(core, table_of(Biomass_Ecoli_core=[0.3, 0.4], EX_o2_e=[-9.0, -1000.0]))
    assert np.isnan(cleaned.rates[1, 1])
    assert cleaned.sentinels[0].samples == ("b",)
    assert "'EX_o2_e' is -1000 in sample b: a placeholder, not a measurement" in cleaned.notes[0]


GROWTH, CO2 = [0.3, 0.4], [9.0, 12.0]


@pytest.mark.parametrize(
    ("column", "others"),
    [
        ("EX_glc__D_e", {"EX_co2_e": CO2, "EX_ac_e": [0.5, 0.6]}),
        ("EX_nh4_e", {"EX_glc__D_e": [-4.0, -5.0]}),
        ("EX_o2_e", {"EX_glc__D_e": [-4.0, -5.0], "EX_co2_e": CO2, "EX_ac_e": [0.0, 0.0]}),
    ],
)
def test_zero_in_every_row_of_what_growth_needs_is_a_placeholder(core, column, others):
    cleaned = without_sentinels(core, table_of(Biomass_Ecoli_core=GROWTH, **{column: [0.0, 0.0]}, **others))
    assert np.isnan(cleaned.rates[:, 1]).all()
    assert next(s for s in cleaned.sentinels if s.column == column).samples == ()
    assert "in every sample" in " ".join(cleaned.notes)


@pytest.mark.parametrize(
    ("column", "others"),
    [
        ("EX_ac_e", {"EX_glc__D_e": [-4.0, -5.0]}),
        ("EX_o2_e", {"EX_glc__D_e": [-4.0, -5.0], "EX_co2_e": CO2, "EX_etoh_e": [6.0, 7.0]}),
        ("EX_o2_e", {"EX_glc__D_e": [-4.0, -5.0]}),
        ("EX_glc__D_e", {"EX_ac_e": [-4.0, -5.0]}),
    ],
)
def test_zero_in_every_row_of_what_may_be_absent_is_kept_and_said(core, column, others):
    table = table_of(Biomass_Ecoli_core=GROWTH, **{column: [0.0, 0.0]}, **others)
    cleaned = without_sentinels(core, table)
    np.testing.assert_array_equal(cleaned.rates, table.rates)
    assert cleaned.notes == (
        f"0 in every sample, taken as measurements of none: {column}; expected empty cells for what nobody measured",
    )


def test_a_clean_table_stays_as_it_is(core):
    table = table_of(Biomass_Ecoli_core=GROWTH, EX_glc__D_e=[-4.0, -5.0])
    assert without_sentinels(core, table) is table
    assert table.notes == ()
