import pytest
from hypothesis import given
from hypothesis import strategies as st

from metagnn.errors import TableError
from metagnn.rate_unit import parse_unit, split_unit, without_unit

SPELLINGS = [
    "{a}_per_gDW_{t}",
    "{a}/gDW/{t}",
    "{a}/(gDW {t})",
    "{a} gDW-1 {t}-1",
    "{a}/gDW·{t}",
    "[{a} per gDW per {t}]",
]
AMOUNTS = {"mmol": 1.0, "mol": 1e3, "umol": 1e-3, "µmol": 1e-3, "g": 1.0, "mg": 1e-3}
TIMES = {"h": 1.0, "min": 60.0, "s": 3600.0, "d": 1 / 24}


@given(st.sampled_from(SPELLINGS), st.sampled_from(sorted(AMOUNTS)), st.sampled_from(sorted(TIMES)))
def test_every_spelling_is_the_same_unit(spelling, amount, time):
    unit = parse_unit(spelling.format(a=amount, t=time))
    assert unit is not None
    assert unit.quantity == "specific"
    assert unit.amount == ("mass" if amount.endswith("g") else "moles")
    assert unit.factor == pytest.approx(AMOUNTS[amount] * TIMES[time])


@pytest.mark.parametrize(
    ("text", "quantity", "factor"),
    [
        ("mM", "concentration", 1.0),
        ("uM", "concentration", 1e-3),
        ("g/L", "concentration", 1.0),
        ("mg/mL", "concentration", 1.0),
        ("mmol/L/h", "volumetric", 1.0),
        ("gDW/L", "biomass", 1.0),
        ("1/h", "growth", 1.0),
        ("1_per_min", "growth", 60.0),
        ("per_h", "growth", 1.0),
        ("h-1", "growth", 1.0),
        ("h", "time", 1.0),
        ("min", "time", 1 / 60),
    ],
)
def test_units_of_each_kind(text, quantity, factor):
    unit = parse_unit(text)
    assert unit is not None
    assert (unit.quantity, unit.factor) == (quantity, pytest.approx(factor))


@pytest.mark.parametrize("text", ["parsec", "g/parsec", "", "glucose", "mmol2/gDW/h", "uptake_g"])
def test_what_is_no_unit_is_none(text):
    assert parse_unit(text) is None


@given(st.sampled_from(["glucose_uptake", "qO2", "acetate formation", "mu"]), st.sampled_from(SPELLINGS[:4]))
def test_a_bracketed_unit_leaves_the_name_as_it_was(name, spelling):
    found, unit = split_unit(f"{name} [{spelling.format(a='mmol', t='h')}]")
    assert found == name
    assert unit is not None


@pytest.mark.parametrize("name", ["EX_h_e", "EX_glc__D_e", "glucose_uptake", "RQ"])
def test_names_keep_their_letters(name):
    assert split_unit(name) == (name, None)


def test_brackets_without_a_unit_are_refused():
    with pytest.raises(TableError, match="'parsec' is no unit"):
        split_unit("qO2 [parsec]")


@pytest.mark.parametrize("name", ["biomass", "glucose_uptake", "qO2", "biomass [OD]"])
@pytest.mark.parametrize("unit", ["", " [g/L]", " (mmol/gDW/h)", "_mmol_per_gDW_h"])
def test_a_name_is_left_when_its_unit_is_taken_away(name, unit):
    assert without_unit(name + unit) == name


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [("Fe (III) (mmol/gDW/h)", "Fe (III)", "mmol/gDW/h"), ("qO2 (mmol/(gDW h))", "qO2", "mmol/(gDW h)")],
)
def test_a_name_and_a_unit_may_hold_brackets_of_their_own(header, name, unit):
    found, read = split_unit(header)
    assert found == name
    assert read is not None
    assert (read.text, read.factor) == (unit, 1.0)
