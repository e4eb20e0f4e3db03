import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.rates import RateReader, RateTable, read_rates, read_unit_map
from metagnn.errors import InputError, TableError
from metagnn.network import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

CHEMOSTATS = "METAGNN_CHEMOSTAT_TABLE"
GLUCOSE = 180.156


@pytest.fixture(scope="module")
def core() -> MetabolicNetwork:
    return load_network("e_coli_core")


def one(rates: RateTable, reaction: str) -> float:
    return float(rates.rates[0, rates.reactions.index(reaction)])


def rates_of(core: MetabolicNetwork, **columns: list[float]) -> RateTable:
    return read_rates(core, pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("header", "value", "reaction", "flux"),
    [
        ("glucose_uptake_g_per_gDW_h", 0.9, "EX_glc__D_e", -0.9e3 / GLUCOSE),
        ("glucose uptake [mg/gDW/min]", 15.0, "EX_glc__D_e", -0.9e3 / GLUCOSE),
        ("D-Glucose_consumption_mmol_per_gDW_h", 5.0, "EX_glc__D_e", -5.0),
        ("glucose_uptake_mmolC_per_gDW_h", 30.0, "EX_glc__D_e", -5.0),
        ("EX_glc__D_e", -5.0, "EX_glc__D_e", -5.0),
        ("EX_glc__D_e [mol/gDW/h]", -0.005, "EX_glc__D_e", -5.0),
        ("qO2 [mmol/gDW/h]", 7.0, "EX_o2_e", -7.0),
        ("CER [mmol/gDW/h]", 7.0, "EX_co2_e", 7.0),
        ("carbon dioxide evolution (mmol gDW-1 h-1)", 7.0, "EX_co2_e", 7.0),
        ("acetate_formation_mmol_per_gDW_h", 2.0, "EX_ac_e", 2.0),
        ("acetic_acid_production_g_per_gDW_h", 0.059044, "EX_ac_e", 1.0),
        ("C2H6O_secretion_mmol_per_gDW_h", 2.0, "EX_etoh_e", 2.0),
        ("ammonium_uptake_g_per_gDW_h", 0.01804, "EX_nh4_e", -1.0),
        ("mu [1/h]", 0.4, "Biomass_Ecoli_core", 0.4),
        ("specific growth rate [1/min]", 0.01, "Biomass_Ecoli_core", 0.6),
        ("dilution_rate_1_per_h", 0.4, "Biomass_Ecoli_core", 0.4),
        ("BIOMASS_Ecoli_core_w_GAM", 0.4, "Biomass_Ecoli_core", 0.4),
    ],
)
def test_a_header_says_which_flux_it_measures(core, header, value, reaction, flux):
    rates = read_rates(core, pd.DataFrame({header: [value]}))
    assert rates.reactions == (reaction,)
    assert one(rates, reaction) == pytest.approx(flux, rel=1e-3)
    assert rates.columns[0].column == header


def test_units_scale_values_and_deviations_alike(core):
    grams = rates_of(core, glucose_uptake_g_per_gDW_h=[0.9], glucose_uptake_g_per_gDW_h_std=[0.09])
    moles = rates_of(
        core, glucose_uptake_mmol_per_gDW_h=[900 / GLUCOSE], glucose_uptake_mmol_per_gDW_h_std=[90 / GLUCOSE]
    )
    assert grams.rates == pytest.approx(moles.rates, rel=1e-4)
    assert grams.deviations == pytest.approx(moles.deviations, rel=1e-4)
    assert grams.deviations == pytest.approx(0.1 * np.abs(grams.rates), rel=1e-9)


def test_a_dilution_rate_is_known_better_than_a_growth_rate(core):
    pump = rates_of(core, dilution_rate_1_per_h=[0.4])
    measured = rates_of(core, mu_1_per_h=[0.4])
    assert pump.deviations[0, 0] == pytest.approx(0.004)
    assert measured.deviations[0, 0] == pytest.approx(0.02)


def test_replicates_are_averaged_and_pooled(core):
    names = [f"glucose_uptake_mmol_per_gDW_h_rep{number}" for number in (1, 2)]
    rates = read_rates(core, pd.DataFrame({names[0]: [4.0, 8.0], names[1]: [6.0, 8.0]}))
    assert rates.rates[:, 0].tolist() == [-5.0, -8.0]
    # Squares 2 and 0 over means 25 and 64, one degree of freedom a row; two replicates a mean.
    relative = np.sqrt((2 / 25) / 2)
    assert rates.deviations[:, 0] == pytest.approx(relative * np.array([5.0, 8.0]) / np.sqrt(2))


def test_gaps_stay_gaps(core):
    rates = rates_of(core, mu_1_per_h=[0.3, np.nan], EX_ac_e=[np.nan, 2.0])
    assert np.isnan(rates.rates).tolist() == [[False, True], [True, False]]
    assert (np.isnan(rates.rates) == np.isnan(rates.deviations)).all()


def test_volumetric_rates_are_divided_by_biomass(core):
    volumetric = rates_of(core, OUR_mmol_per_L_h=[20.0], biomass_gDW_per_L=[4.0])
    assert one(volumetric, "EX_o2_e") == pytest.approx(-5.0)
    # 5 % of the rate and 5 % of the biomass.
    assert volumetric.deviations[0, 0] == pytest.approx(5.0 * 0.05 * np.sqrt(2))


def test_a_chemostat_balances_its_feed(core):
    rates = rates_of(
        core,
        dilution_rate_1_per_h=[0.2],
        biomass_gDW_per_L=[5.0],
        glucose_feed_g_per_L=[10.0],
        glucose_g_per_L=[0.5],
        acetate_mM=[10.0],
    )
    assert one(rates, "EX_glc__D_e") == pytest.approx(0.2 * (0.5 - 10.0) * 1000 / GLUCOSE / 5.0, rel=1e-4)
    assert one(rates, "EX_ac_e") == pytest.approx(0.2 * 10.0 / 5.0)
    assert one(rates, "Biomass_Ecoli_core") == 0.2


def test_a_batch_gives_growth_and_rates_with_errors(core):
    rng = np.random.default_rng(0)
    time, growth, uptake = np.linspace(0, 5, 21), 0.5, 8.0
    mass = 0.1 * np.exp(growth * time)
    glucose = 50.0 - uptake * (mass - mass[0]) / growth
    noisy = [values * (1 + 0.01 * rng.standard_normal(21)) for values in (mass, glucose)]
    rates = rates_of(core, time_h=time, biomass_gDW_per_L=noisy[0], glucose_mM=noisy[1])
    truth = np.array([growth, -uptake])
    inside = slice(4, -4)
    error = (rates.rates - truth)[inside] / rates.deviations[inside]
    assert rates.reactions == ("Biomass_Ecoli_core", "EX_glc__D_e")
    assert rates.samples[0] == "batch at 0 h"
    # Early on there are hardly any cells, so that a rate per gram is wide open; its error says so.
    assert np.abs(rates.rates[inside] / truth - 1)[8:].mean() < 0.2
    assert (np.abs(error) < 4).all()
    assert rates.deviations[inside, 1][0] > 3 * rates.deviations[inside, 1][-1]


def test_batches_are_told_apart_by_their_sample(core):
    time = np.tile(np.linspace(0, 5, 6), 2)
    growth = np.repeat([0.3, 0.6], 6)
    table = pd.DataFrame(
        {"sample": ["a"] * 6 + ["b"] * 6, "time_h": time, "biomass_gDW_per_L": np.exp(growth * time), "ac_mM": time}
    )
    rates = read_rates(core, table)
    assert rates.rates[:, 0] == pytest.approx(growth, abs=1e-3)


def test_a_quotient_gives_the_other_gas(core):
    rates = rates_of(core, qO2_mmol_per_gDW_h=[8.0], RQ=[1.1])
    assert one(rates, "EX_co2_e") == pytest.approx(8.8)


def test_a_map_gives_units_names_and_what_to_ignore(core, tmp_path: Path):
    (tmp_path / "map.yml").write_text('S: "glucose uptake [g/gDW/h]"\nO2_uptake: mmol/gDW/h\nT: ignore\n')
    table = pd.DataFrame({"S": [0.9], "O2_uptake": [8.0], "T": [37.0]})
    rates = read_rates(core, table, read_unit_map(tmp_path / "map.yml"))
    assert rates.reactions == ("EX_glc__D_e", "EX_o2_e")
    assert [column.column for column in rates.columns] == ["S", "O2_uptake", "T"]


@pytest.mark.parametrize(
    ("header", "wrong", "right", "factor"),
    [
        ("glucose uptake [mmol/gDW/h]", "mmol/gDW/h", "g/gDW/h", 1000 / 180.156),
        ("glucose_uptake_g_per_gDW_h", "g/gDW/h", "mmol/gDW/h", 180.156 / 1000),
        ("glucose_uptake_mmol_per_gDW_h_rep1", "mmol/gDW/h", "umol/gDW/h", 1e-3),
        ("q_glucose (mol/gDW/h)", "mol/gDW/h", "mmol/gDW/h", 1e-3),
        ("EX_glc__D_e", "mmol/gDW/h", "umol/gDW/h", 1e-3),
    ],
)
def test_a_map_corrects_a_unit_that_the_header_has_wrong(core, header: str, wrong: str, right: str, factor: float):
    table = pd.DataFrame({header: [-2.0 if header.startswith("EX_") else 2.0], "mu_1_per_h": [0.1]})
    as_it_is, the_same = read_rates(core, table), read_rates(core, table, {header: wrong})
    assert one(as_it_is, "EX_glc__D_e") == one(the_same, "EX_glc__D_e")
    corrected = read_rates(core, table, {header: right})
    assert one(corrected, "EX_glc__D_e") == pytest.approx(factor * one(as_it_is, "EX_glc__D_e"), rel=1e-4)
    assert corrected.columns[0].column == header


def test_a_map_makes_grams_of_biomass_dry_weight(core):
    columns = {"biomass [g/L]": [2.0], "biomass [g/L]_std": [0.1], "CER [mmol/L/h]": [8.0], "mu [1/h]": [0.2]}
    table = pd.DataFrame(columns)
    right = {"biomass [g/L]": "gDW/L", "biomass [g/L]_std": "gDW/L"}
    assert one(read_rates(core, table, right), "EX_co2_e") == pytest.approx(4.0)
    # Brackets that hold no unit belong to the name, also beside a map.
    with pytest.raises(TableError, match=r"ferment"):
        read_rates(core, table.rename(columns={"CER [mmol/L/h]": "CER (ferment)"}), {"CER (ferment)": "mmol/L/h"})


REFUSED = {
    "a missing unit": ({"glucose_uptake": [1.0]}, "has no unit"),
    "a missing unit of growth": ({"mu": [0.4]}, "has no unit"),
    "a unit of something else": ({"glucose_uptake_1_per_h": [1.0]}, "does not fit"),
    "brackets without a unit": ({"glucose uptake [parsec]": [1.0]}, "'parsec' is no unit"),
    "an unknown name": ({"glucos_uptake_mmol_per_gDW_h": [1.0]}, r"did you mean EX_glc__D_e \(D-Glucose\)"),
    "an ambiguous formula": ({"C6H12O6_uptake_mmol_per_gDW_h": [1.0]}, r"EX_fru_e \(D-Fructose\) or EX_glc__D_e"),
    "a direction inside": ({"PFK_uptake": [1.0]}, "inside e_coli_core; expected its signed flux"),
    "a concentration inside": ({"PFK": [1.0], "PGI [mM]": [1.0]}, "inside e_coli_core"),
    "a mass inside": ({"PFK [g/gDW/h]": [1.0]}, "no exchange of one substance"),
    "a negative dilution": ({"dilution_rate_1_per_h": [-0.4]}, "runs against its meaning, growth"),
    "a sign against uptake": ({"glucose_uptake_mmol_per_gDW_h": [5.0, -5.0]}, "row 1.*-5 runs against its meaning"),
    "a sign against formation": ({"acetate_formation_mmol_per_gDW_h": [-5.0]}, "runs against its meaning"),
    "oxygen that is evolved": ({"EX_o2_e": [8.0]}, "oxygen is taken up"),
    "negative growth": ({"mu_1_per_h": [-0.4]}, "runs against its meaning, growth"),
    "duplicate samples": (
        {"sample": ["a", "b", "a"], "mu_1_per_h": [0.1, 0.2, 0.3]},
        "'a' .row 2. appears more than once",
    ),
    "text in a number column": ({"mu_1_per_h": ["0.4", "fast"]}, "row 1: 'fast' is no number"),
    "an empty column": ({"mu_1_per_h": [0.4], "EX_ac_e": [np.nan]}, "'EX_ac_e' is empty"),
    "a deviation of zero": ({"EX_ac_e": [1.0, 1.0], "EX_ac_e_std": [0.1, 0.0]}, "row 1: a standard deviation is 0"),
    "a negative deviation": ({"EX_ac_e": [1.0], "EX_ac_e_std": [-0.1]}, "a standard deviation is -0.1"),
    "deviations of nothing": ({"EX_ac_e": [1.0], "EX_co2_e_std": [0.1]}, "standard deviations of nothing"),
    "no rows": ({"mu_1_per_h": []}, "no rows"),
    "an infinite rate": ({"mu_1_per_h": [np.inf]}, "infinite"),
    "a row without any rate": ({"mu_1_per_h": [0.4, np.nan]}, "sample '1' has no measured rate"),
    "two columns for one rate": ({"OUR [mmol/gDW/h]": [8.0], "EX_o2_e": [-8.0]}, "both measure EX_o2_e"),
    "the same column twice": ({"EX_ac_e": [1.0], "EX_ac_e [mmol/gDW/h]": [1.0]}, "measure the same"),
    "per litre without biomass": ({"OUR_mmol_per_L_h": [20.0]}, "expected biomass"),
    "a concentration alone": ({"acetate_mM": [20.0]}, "expected biomass .* dilution rate"),
    "a feed alone": (
        {"dilution_rate_1_per_h": [0.1], "biomass_gDW_per_L": [1.0], "glucose_feed_g_per_L": [10.0]},
        "expected the residual concentration",
    ),
    "biomass of zero": ({"OUR_mmol_per_L_h": [20.0], "biomass_gDW_per_L": [0.0]}, "biomass is not positive"),
    "a quotient of nothing": ({"RQ": [1.0], "mu_1_per_h": [0.1]}, "measures neither O2 and CO2"),
    "a short time series": (
        {"time_h": [0.0, 1.0], "biomass_gDW_per_L": [1.0, 2.0], "acetate_mM": [1.0, 2.0]},
        "expected at least 5",
    ),
    "nothing measured": ({"biomass_gDW_per_L": [1.0]}, "measures no rate"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_input_is_refused_and_named(core, what: str):
    columns, message = REFUSED[what]
    with pytest.raises(TableError, match=message):
        read_rates(core, pd.DataFrame(columns))


def test_duplicate_samples_are_found_across_chunks(core):
    reader = RateReader(core, ["sample", "mu_1_per_h"])
    reader.read(pd.DataFrame({"sample": ["a", "b"], "mu_1_per_h": [0.1, 0.2]}))
    with pytest.raises(TableError, match=r"'b' .row 2. appears more than once"):
        reader.read(pd.DataFrame({"sample": ["b"], "mu_1_per_h": [0.1]}))


def test_a_map_of_what_the_file_lacks_is_refused(core, tmp_path: Path):
    with pytest.raises(TableError, match="names a column 'x' that the file lacks"):
        read_rates(core, pd.DataFrame({"mu_1_per_h": [0.1]}), {"x": "g/L"})
    (tmp_path / "list.yml").write_text("- a\n")
    with pytest.raises(TableError, match="no map of columns to units"):
        read_unit_map(tmp_path / "list.yml")
    with pytest.raises(TableError, match="no map of units at"):
        read_unit_map(tmp_path / "none.yml")


def test_a_noise_of_nothing_is_refused(core):
    with pytest.raises(InputError, match="`noise` is 0"):
        read_rates(core, pd.DataFrame({"mu_1_per_h": [0.1]}), noise=0)


@pytest.mark.skipif(CHEMOSTATS not in os.environ, reason=f"{CHEMOSTATS} does not name a table of chemostats")
def test_a_published_table_is_understood_as_it_is(core):
    table = pd.read_csv(os.environ[CHEMOSTATS])
    rates = read_rates(core, table)
    assert set(rates.reactions) == {
        "Biomass_Ecoli_core", "EX_glc__D_e", "EX_co2_e", "EX_o2_e", "EX_ac_e", "EX_nh4_e",
    }  # fmt: skip
    assert not np.isnan(rates.rates).any()


def test_a_column_may_be_empty_in_later_chunks_only(core):
    reader = RateReader(core, ["mu_1_per_h", "EX_ac_e"])
    full, gap = (
        pd.DataFrame({"mu_1_per_h": [0.4], "EX_ac_e": [1.0]}),
        pd.DataFrame({"mu_1_per_h": [0.4], "EX_ac_e": [np.nan]}),
    )
    assert reader.read(full).reactions == reader.read(gap).reactions
    with pytest.raises(TableError, match="'EX_ac_e' is empty"):
        RateReader(core, ["mu_1_per_h", "EX_ac_e"]).read(gap)


def test_labels_are_kept_out_and_a_map_may_leave_out_the_unit_of_a_second_header_row(core):
    table = pd.DataFrame(
        [["a", "K-12", "x", 0.4, 9.0, 37.0]],
        columns=["Sample", "strain", "notes", "mu [1/h]", "qO2 [mmol/gDW/h]", "T [°C]"],
    )
    rates = read_rates(core, table, {"T": "ignore"})
    assert rates.samples == ("a",)
    assert [column.column for column in rates.columns if column.meaning == "label"] == ["strain", "notes"]
    assert one(rates, "EX_o2_e") == -9.0
    with pytest.raises(TableError, match="'°C' is no unit"):
        read_rates(core, table)


@pytest.mark.parametrize(("growth", "std"), [(-0.003, 0.003), (-0.01, 0.01), (-0.05, 0.02), (0.4, 0.02)])
def test_growth_slightly_below_zero_is_a_measurement(core, growth: float, std: float):
    rates = rates_of(core, mu_1_per_h=[growth], EX_glc__D_e=[-1.0])
    place = rates.reactions.index(core.growth_reaction)
    assert (rates.rates[0, place], rates.deviations[0, place]) == (growth, pytest.approx(std))


def test_rows_before_decide_the_sign_of_a_bare_name(core):
    glucose, oxygen = "glucose [mmol/gDW/h]", "OUR [mmol/gDW/h]"

    def chunk(value: float) -> pd.DataFrame:
        return pd.DataFrame({glucose: [value, value], oxygen: [9.0, 8.0]})

    for values, message in (
        ([0.0, -8.0, 5.0], "row 4: 5 is above zero, but all before are below, as signed fluxes; expected one sign"),
        ([0.0, 8.0, -5.0], r"row 4: -5 runs against its meaning, uptake \(assumed\)"),
    ):
        reader = RateReader(core, [glucose, oxygen])
        assert [one(reader.read(chunk(value)), "EX_glc__D_e") for value in values[:2]] == [0.0, -8.0]
        with pytest.raises(TableError, match=message):
            reader.read(chunk(values[2]))


def test_replicates_and_deviations_of_a_bare_name_share_its_sign(core):
    names = ["qGlc_rep1 [mmol/gDW/h]", "qGlc_rep2 [mmol/gDW/h]", "qO2 [mmol/gDW/h]", "qO2_std [mmol/gDW/h]"]
    below = read_rates(core, pd.DataFrame([[-10.0, -11.0, -15.0, 0.5], [-5.0, -5.2, -9.0, 0.4]], columns=names))
    above = read_rates(core, pd.DataFrame([[10.0, 11.0, 15.0, 0.5], [5.0, 5.2, 9.0, 0.4]], columns=names))
    assert np.array_equal(below.rates, above.rates)
    assert np.allclose(below.deviations, above.deviations)


def test_a_placeholder_decides_no_sign(core):
    names = ["glucose [mmol/gDW/h]", "OUR [mmol/gDW/h]"]
    rates = read_rates(core, pd.DataFrame([[-1.0, 9.0], [-1.0, 8.0]], columns=names))
    assert [sentinel.value for sentinel in rates.sentinels] == [-1.0]


def test_labels_stay_with_the_samples(core):
    table = pd.DataFrame({"sample": ["a", "b"], "strain": ["WT", None], "qO2 [mmol/gDW/h]": [9.0, 8.0]})
    rates = read_rates(core, table)
    assert rates.labels == {"strain": ("WT", "")}
    assert rates.first(1).labels == {"strain": ("WT",)}


def test_a_knockout_in_a_table_of_rates_is_refused_by_name(core):
    with pytest.raises(TableError, match="column 'knockout': rates of knockouts are reconciled with the model of each"):
        read_rates(core, pd.DataFrame({"qO2 [mmol/gDW/h]": [9.0], "knockout": ["PFK"]}))


def test_a_unit_below_the_header_of_a_table_is_told(core):
    with pytest.raises(TableError, match="row 0: 'mmol/gDW/h' is no number: it is a unit; put that in the header"):
        read_rates(core, pd.DataFrame({"qO2 [mmol/gDW/h]": ["mmol/gDW/h", "9"]}))


@pytest.mark.parametrize(
    ("value", "message"),
    [(1e308, "is no measurement; expected at most 1e\\+15"), (2e6, "expected at most 1e\\+06: is its unit right")],
)
def test_a_rate_whose_square_would_overflow_is_refused(core, value, message):
    with pytest.raises(TableError, match=message):
        rates_of(core, **{"EX_ac_e [mmol/gDW/h]": [1.0, value], "growth [1/h]": [0.4, 0.5]})
