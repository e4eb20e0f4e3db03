import warnings

import pandas as pd
import pytest

from metagnn.datasets.groups import read_groups
from metagnn.errors import TableError

INDEX = pd.Index(["a", "b", "c", "d"])


def test_labels_become_numbers_that_are_equal_where_they_are():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_groups(["x", "y", "x", "y"], INDEX).tolist() == [0, 1, 0, 1]
        assert read_groups([1.5, 1.5, 2.5, 2.5], INDEX).tolist() == [0, 0, 1, 1]
    assert read_groups(None, INDEX) is None


def test_a_series_is_put_in_the_order_of_the_inputs():
    labels = pd.Series(["x", "x", "y", "y"], index=["d", "c", "b", "a"])
    with pytest.warns(UserWarning, match="another order"):
        assert read_groups(labels, INDEX).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["x", "y"], "has 2 labels; expected one for each of the 4 rows"),
        (["x", None, "y", "y"], "no label in row 1"),
        (["x"] * 4, "one group, 'x'; expected two at least"),
        (pd.DataFrame({"g": list("xxyy")}, index=INDEX), "is a table"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(labels: object, said: str):
    with pytest.raises(TableError, match=said):
        read_groups(labels, INDEX)


def test_a_group_of_one_row_is_told():
    with pytest.warns(UserWarning, match="'y' has one row"):
        read_groups(["x", "x", "x", "y"], INDEX)
