from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError, TableError
from metagnn.files.table_values import numeric_values, require_rows


def test_every_kind_of_number_becomes_float64_and_gaps_become_nan():
    table = pd.DataFrame(
        {
            "whole": [1, 2],
            "nullable": pd.array([1, None], dtype="Int64"),
            "mixed": pd.Series([1.5, None], dtype=object),
            "flag": [True, False],
            "gap": pd.Series([True, pd.NA], dtype="boolean"),
            "decimal": [Decimal("0.1"), None],
        }
    )
    expected = np.array([[1, 1, 1.5, 1, 1, 0.1], [2, np.nan, np.nan, 0, np.nan, np.nan]])
    assert np.array_equal(numeric_values(table), expected, equal_nan=True)


def test_a_number_in_text_counts_and_other_text_is_quoted_with_column_and_row():
    assert numeric_values(pd.DataFrame({"x": [1.0, "10", " 2.5e-3 ", "inf"]}))[:, 0].tolist() == [1, 10, 2.5e-3, np.inf]
    for text in ("high", "", "True", "nan", "1_000", "1,5"):
        with pytest.raises(TableError, match=f"column 'x', row 5: '{text}' is no number"):
            numeric_values(pd.DataFrame({"x": [1.0, text]}), first_row=4)
    with pytest.raises(TableError, match="column 'x', row 0"):
        numeric_values(pd.DataFrame({"x": [1j]}))
    with pytest.raises(TableError, match="column 'x', row 0"):
        numeric_values(pd.DataFrame({"x": pd.to_datetime(["2020-01-01"])}))


def test_require_rows_names_the_argument():
    with pytest.raises(InputError, match="`inputs` is a dict; expected a pandas DataFrame"):
        require_rows({}, "inputs")
    with pytest.raises(TableError, match="`inputs` has no rows"):
        require_rows(pd.DataFrame({"a": []}), "inputs")
    with pytest.raises(TableError, match="`inputs` has no columns"):
        require_rows(pd.DataFrame(index=[0]), "inputs")
    table = pd.DataFrame({"a": [1]})
    assert require_rows(table, "inputs") is table
