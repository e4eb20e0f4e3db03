import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.inputs.features import read_features

INDEX = pd.RangeIndex(4)


def table(**columns: list) -> pd.DataFrame:
    return pd.DataFrame(columns, index=INDEX)


def test_numbers_are_one_feature_and_labels_one_for_each_label():
    values, names = read_features(table(pH=[7.0, 6.5, 7.2, 6.8], strain=["K", "B", "K", "B"]), INDEX, None)
    assert names == ("pH", "strain\tB", "strain\tK")
    np.testing.assert_array_equal(values, [[7.0, 0, 1], [6.5, 1, 0], [7.2, 0, 1], [6.8, 1, 0]])


def test_the_columns_of_the_fit_are_read_in_any_order_and_rows_by_their_labels():
    given = table(pH=[7.0, 6.5, 7.2, 6.8], strain=["K", "B", "K", "B"])
    values, names = read_features(given, INDEX, None)
    with pytest.warns(UserWarning, match="aligned by their labels"):
        again, same = read_features(given[["strain", "pH"]].iloc[::-1], INDEX, names)
    np.testing.assert_array_equal(again, values)
    assert same == names


def test_flags_are_numbers_and_no_features_are_none():
    values, names = read_features(table(crp=[True, False, True, True]), INDEX, None)
    assert names == ("crp",)
    assert values[:, 0].tolist() == [1, 0, 1, 1]
    assert read_features(None, INDEX, None)[0].shape == (4, 0)


def test_a_label_that_the_fit_did_not_see_has_nothing_of_its_own():
    with pytest.warns(UserWarning, match="'X' did not occur in the fit"):
        values, _ = read_features(table(strain=["K", "X", "K", "B"]), INDEX, ("strain\tB", "strain\tK"))
    assert values[1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("columns", "expected", "said"),
    [
        ({"pH": [7.0, None, 7.1, 7.2]}, None, "column 'pH', row 1: nan; expected a finite value"),
        ({"pH": [7.0, 7.1, np.inf, 7.2]}, None, "column 'pH', row 2: inf"),
        ({"strain": ["K", None, "B", "K"]}, None, "column 'strain', row 1"),
        ({"pH": list("abcd")}, ("pH",), "'pH' holds text; expected numbers"),
        ({"T": [1, 2, 3, 4]}, ("pH",), "lacks the column 'pH'"),
        ({"pH": [1, 2, 3, 4], "pHH": [1, 2, 3, 4]}, ("pH",), "'pHH' is no feature of the fit; did you mean 'pH'"),
    ],
)
def test_what_cannot_be_used_is_named(columns: dict, expected: tuple | None, said: str):
    with pytest.raises(TableError, match=said):
        read_features(table(**columns), INDEX, expected)


def test_features_of_the_fit_must_be_given_again():
    with pytest.raises(TableError, match="`features` is missing; expected the columns of the fit: pH, strain"):
        read_features(None, INDEX, ("pH", "strain\tB", "strain\tK"))


def test_a_constant_or_dependent_feature_is_told():
    with pytest.warns(UserWarning, match="'lab' does not vary"):
        read_features(table(lab=[1.0, 1.0, 1.0, 1.0], pH=[7.0, 6.5, 7.2, 6.8]), INDEX, None)
    with pytest.warns(UserWarning, match="'double' follows exactly"):
        read_features(table(pH=[7.0, 6.5, 7.2, 6.8], double=[14.0, 13.0, 14.4, 13.6]), INDEX, None)
