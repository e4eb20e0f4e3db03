import warnings

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.rates import read_rates
from metagnn.datasets.rates.flux_table import as_fluxes
from metagnn.datasets.targets import read_targets
from metagnn.errors import TableError
from metagnn.inputs import read_conditions
from metagnn.network import MetabolicNetwork

NAMED = {
    "glucose uptake": 10.0, "OUR": 15.0, "acetate production rate": 2.0, "CER": 16.0, "EX_nh4_e": -4.0,
    "pyruvate_formation_g_per_gDW_h": 0.087,
}  # fmt: skip
SIGNED = {
    "EX_glc__D_e": -10.0, "EX_o2_e": -15.0, "EX_ac_e": 2.0, "EX_co2_e": 16.0, "EX_nh4_e": -4.0, "EX_pyr_e": 0.9992,
}  # fmt: skip


def table(**columns: float) -> pd.DataFrame:
    return pd.DataFrame({name: [value, value / 2] for name, value in columns.items()})


def test_ids_pass_and_names_become_signed_fluxes(core: MetabolicNetwork):
    signed = table(**SIGNED)
    assert as_fluxes(core, signed, "inputs") is signed
    read = as_fluxes(core, table(**NAMED), "inputs")
    assert list(read.columns) == list(signed.columns)
    assert np.allclose(read, signed, rtol=1e-3)


def test_inputs_targets_and_rates_agree(core: MetabolicNetwork):
    named, signed = table(**NAMED), table(**SIGNED)
    conditions = [read_conditions(core, given, "rates") for given in (named, signed)]
    assert conditions[0].exchanges == conditions[1].exchanges
    assert np.allclose(conditions[0].measured, conditions[1].measured, rtol=1e-3, equal_nan=True)
    targets = [read_targets(core, given, given.index).observed for given in (named, signed)]
    assert np.allclose(targets[0], targets[1], rtol=1e-3, equal_nan=True)
    with_units = named.rename(columns={n: f"{n} [mmol/gDW/h]" for n in NAMED if "g_per" not in n and n != "EX_nh4_e"})
    rates, _ = read_rates(core, with_units).on_network(core)
    assert np.allclose(rates, targets[1], rtol=1e-3, equal_nan=True)


def test_media_by_name_are_those_by_id(core: MetabolicNetwork):
    by_name = read_conditions(core, pd.DataFrame({"glucose": [5.0], "O2": [9.0]}), "max_uptake")
    by_id = read_conditions(core, pd.DataFrame({"EX_glc__D_e": [5.0], "EX_o2_e": [9.0]}), "max_uptake")
    assert by_name.exchanges == by_id.exchanges
    assert bool((by_name.lower == by_id.lower).all())
    present = read_conditions(core, pd.DataFrame({"glucose": [1.0], "O2": [0.0]}), "present", by_id.exchanges)
    assert present.exchanges == by_id.exchanges


def test_deviations_follow_their_column(core: MetabolicNetwork):
    read = as_fluxes(core, table(**{"glucose uptake": 10.0, "glucose uptake_std": 0.5, "mu": 0.4}), "inputs")
    assert list(read.columns) == ["EX_glc__D_e", "EX_glc__D_e_std", core.growth_reaction]
    assert read.iloc[0].tolist() == [-10.0, 0.5, 0.4]


def test_an_assumed_direction_is_said(core: MetabolicNetwork):
    with pytest.warns(UserWarning, match="'glucose' as uptake of EX_glc__D_e, 'Ac' as secretion of EX_ac_e"):
        read = as_fluxes(core, table(glucose=10.0, Ac=2.0), "inputs")
    assert read.iloc[0].tolist() == [-10.0, 2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_fluxes(core, table(**NAMED), "inputs")


def test_a_bare_name_below_zero_is_a_signed_flux_in_inputs_targets_and_rates(core: MetabolicNetwork):
    names = ["glucose [mmol/gDW/h]", "O2 [mmol/gDW/h]", "acetate [mmol/gDW/h]", "EX_nh4_e"]
    bare = pd.DataFrame(dict(zip(names, ([-10.0, -5.0], [-15.0, 0.0], [-1.0, -0.5], [-4.0, -2.0]), strict=True)))
    signed = bare.set_axis(["EX_glc__D_e", "EX_o2_e", "EX_ac_e", "EX_nh4_e"], axis=1)
    with pytest.warns(UserWarning, match="'glucose .*', where no value is above zero, as signed flux of EX_glc__D_e, "):
        assert as_fluxes(core, bare, "inputs").equals(signed)
    with pytest.warns(UserWarning, match="as signed flux"):
        assert read_conditions(core, bare, "rates").measured[0, core.reaction_index("EX_ac_e")] == -1
    with pytest.warns(UserWarning, match="as signed flux"):
        observed = read_targets(core, bare, bare.index).observed
    rates = read_rates(core, bare)
    assert np.array_equal(rates.on_network(core)[0], observed, equal_nan=True)
    assert [column.meaning for column in rates.columns] == 3 * ["signed flux (assumed: no value > 0)"] + ["signed flux"]


@pytest.mark.parametrize("name", ["glucose [mmol/gDW/h]", "acetate [mmol/gDW/h]"])
def test_a_bare_name_of_either_sign_is_refused_everywhere(core: MetabolicNetwork, name: str):
    mixed = pd.DataFrame({name: [5.0, -10.0], "OUR [mmol/gDW/h]": [8.0, 9.0]})
    for read in (read_rates, lambda network, table: as_fluxes(network, table, "inputs")):
        with pytest.raises(TableError, match=r"row 1: -10 runs against its meaning, .*; signed fluxes go under 'EX_"):
            read(core, mixed)


def test_what_is_no_rate_stays(core: MetabolicNetwork):
    given = pd.DataFrame({"strain": ["a"], "EX_glc_e": [1.0], "PFK": [1.0], "time_h": [1.0]})
    assert as_fluxes(core, given, "inputs") is given


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"glucose uptake": -10.0}, "'glucose uptake', row 0: -10 runs against its meaning, uptake; signed fluxes go"),
        ({"acetate production": -1.0}, "'acetate production', row 0: -1 runs against its meaning, secretion; signed"),
        ({"glucose uptake": 1.0, "qGlc": 1.0}, "columns 'glucose uptake' and 'qGlc' both measure EX_glc__D_e"),
        ({"EX_glc__D_e": -1.0, "glucose": 1.0}, "columns 'EX_glc__D_e' and 'glucose' both measure EX_glc__D_e"),
        ({"glutamate": 1.0}, "does not say whether glutamate is taken up or produced"),
        ({"glucose_g_per_L": 1.0}, "'glucose_g_per_L' is no rate per gDW; expected mmol/gDW/h"),
        ({"sucrose uptake": 1.0}, "no exchange of e_coli_core is 'sucrose', which is sucrose"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(core: MetabolicNetwork, columns: dict[str, float], message: str):
    with pytest.raises(TableError, match=message):
        as_fluxes(core, table(**columns), "inputs")
