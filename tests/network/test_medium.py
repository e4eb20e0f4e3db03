import numpy as np
import pytest

from metagnn.errors import TableError
from metagnn.network.medium import check_exchanges, check_uptakes

REACTIONS = ("EX_glc__D_e", "EX_o2_e", "PFK")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["EX_glc_e"], "column 'EX_glc_e' is no exchange of core; did you mean 'EX_glc__D_e'"),
        (["EX_o2_e", "EX_o2_e"], "column 'EX_o2_e' appears more than once"),
        (["PFK"], "column 'PFK' is a reaction of core but no exchange"),
    ],
)
def test_columns_that_are_no_exchange_are_named(names, message):
    with pytest.raises(TableError, match=message):
        check_exchanges(names, REACTIONS[:2], REACTIONS, "core")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "row 1 is NaN"),
        (-0.5, r"row 1 is negative \(-0.5\); expected a number ≥ 0"),
        (np.inf, "row 1 is infinite"),
    ],
)
def test_uptakes_that_mean_nothing_are_named(value, message):
    with pytest.raises(TableError, match=f"'EX_o2_e' in {message}"):
        check_uptakes(["EX_glc__D_e", "EX_o2_e"], np.array([[1.0, 2.0], [3.0, value]]))


def test_good_tables_pass():
    check_exchanges(["EX_o2_e", "EX_glc__D_e"], REACTIONS[:2], REACTIONS, "core")
    check_exchanges([], (), (), "empty")
    check_uptakes(["EX_o2_e"], np.array([[0.0], [20.0]]))
