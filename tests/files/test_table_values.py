from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError, TableError
from metagnn.files.table_values import flags_as_numbers, numeric_values, parse_flags, require_rows, with_labels


def test_every_kind_of_number_becomes_float64_and_gaps_become_nan():
    table = pd.DataFrame(
        {
            "whole": [1, 2],
            "nullable": pd.array([1, None], dtype="Int64"),
            "mixed": pd.Series([1.5, None], dtype=object),
            "spelled": ["n.d.", "−2.5"],
            "decimal": [Decimal("0.1"), None],
        }
    )
    expected = np.array([[1, 1, 1.5, np.nan, 0.1], [2, np.nan, np.nan, -2.5, np.nan]])
    assert np.array_equal(numeric_values(table), expected, equal_nan=True)


def test_a_number_in_text_counts_and_other_text_is_quoted_with_column_and_row():
    assert numeric_values(pd.DataFrame({"x": [1.0, "10", " 2.5e-3 ", "inf"]}))[:, 0].tolist() == [1, 10, 2.5e-3, np.inf]
    for text in ("high", "True", "1_000", "1,5"):
        with pytest.raises(TableError, match=f"column 'x', row 5: '{text}' is no number"):
            numeric_values(pd.DataFrame({"x": [1.0, text]}), first_row=4)
    with pytest.raises(TableError, match="column 'x', row 0"):
        numeric_values(pd.DataFrame({"x": [1j]}))
    with pytest.raises(TableError, match="column 'x', row 0"):
        numeric_values(pd.DataFrame({"x": pd.to_datetime(["2020-01-01"])}))


def test_true_and_false_are_no_numbers_but_flags_where_a_number_means_presence():
    table = pd.DataFrame(
        {
            "sample": ["true", "false"],
            "flag": [True, False],
            "gap": pd.array([True, None], dtype="boolean"),
            "text": ["TRUE", "n.d."],
            "number": [0.5, 1.0],
        }
    )
    for name in ("flag", "gap", "text"):
        with pytest.raises(TableError, match=f"column '{name}', row 3: '(True|TRUE)' is no number: expected one"):
            numeric_values(table[[name]], first_row=3)
    found = flags_as_numbers(table)
    expected = np.array([[1, 1, 1, 0.5], [0, np.nan, np.nan, 1]])
    assert np.array_equal(numeric_values(found.drop(columns="sample")), expected, equal_nan=True)
    assert found["sample"].tolist() == table["sample"].tolist()
    assert table["flag"].dtype == bool
    for cells in ([True, 2.0], ["true", "high"], [None, None], [1, 0]):
        assert parse_flags(pd.Series(cells, dtype=object)) is None


def test_labels_stand_before_the_columns_of_a_table():
    source = pd.DataFrame({"EX_a": [1.0], "Notes": ["n"], "sample": ["s"], "status": ["old"], "knockout": ["PGI"]})
    found = with_labels(pd.DataFrame({"status": ["ok"], "EX_a": [2.0]}), source)
    assert found.to_dict("list") == {"notes": ["n"], "sample": ["s"], "status": ["ok"], "EX_a": [2.0]}


def test_require_rows_names_the_argument():
    with pytest.raises(InputError, match="`inputs` is a dict; expected a pandas DataFrame"):
        require_rows({}, "inputs")
    with pytest.raises(TableError, match="`inputs` has no rows"):
        require_rows(pd.DataFrame({"a": []}), "inputs")
    with pytest.raises(TableError, match="`inputs` has no columns"):
        require_rows(pd.DataFrame(index=[0]), "inputs")
    table = pd.DataFrame({"a": [1]})
    assert require_rows(table, "inputs") is table
