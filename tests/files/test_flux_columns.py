import pandas as pd
import pytest

from metagnn.errors import InputError, TableError
from metagnn.files.flux_columns import flux_columns, plain_name


def test_labels_are_left_out_and_the_unit_of_fluxes_is_cut_from_names():
    table = pd.DataFrame(
        [["a", "x", 1.0, 2.0, "PGI"]], columns=["Sample ", "Notes", " EX_a [mmol/gDW/h]", "mu (1/h)", "knockout"]
    )
    found = flux_columns(table, "media")
    assert list(found.columns) == ["EX_a", "mu", "knockout"]
    assert next(iter(table.columns)) == "Sample "


@pytest.mark.parametrize("name", ["EX_glc(e)", "EX_h[h]", "R[m3]", "x [a.u.]", "EX_a_m", "D-Glucose (2 H)"])
def test_a_bracket_that_holds_no_rate_belongs_to_the_name(name):
    assert plain_name(name) == name


@pytest.mark.parametrize("unit", ["g/gDW/h", "mmol/L/h", "mmol/gDW/min", "g/L", "1/min"])
def test_another_unit_is_refused(unit):
    with pytest.raises(TableError, match=r"expected mmol/gDW/h, or 1/h for growth"):
        plain_name(f"EX_a [{unit}]")


def test_what_is_no_table_is_refused_by_the_name_of_the_argument():
    with pytest.raises(InputError, match="`media` is a list"):
        flux_columns([], "media")
    with pytest.raises(TableError, match="`media` has no rows"):
        flux_columns(pd.DataFrame({"a": []}), "media")
