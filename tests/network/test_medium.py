import numpy as np
import pytest

from metagnn.errors import TableError
from metagnn.network import FluxBounds
from metagnn.network.medium import bounds_of_uptakes, check_exchanges, check_uptakes, without_uptake

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


BOUNDS = FluxBounds(("out", "in", "forced", "r"), np.array([-5.0, -1.0, 2.0, -3.0]), np.array([7.0, 4.0, 6.0, 3.0]))


def test_uptakes_bound_the_side_that_takes_up_and_leave_the_rest():
    lower, upper = bounds_of_uptakes(BOUNDS, [0, 1], [False, True], np.array([[1.0, 2.0], [0.0, np.inf]]))
    assert lower.tolist() == [[-1.0, -1.0, 2.0, -3.0], [-0.0, -1.0, 2.0, -3.0]]
    assert upper.tolist() == [[7.0, 2.0, 6.0, 3.0], [7.0, np.inf, 6.0, 3.0]]


def test_an_uptake_that_crosses_the_other_bound_moves_it():
    lower, upper = bounds_of_uptakes(BOUNDS, [2], [True], np.array([[1.0], [9.0]]))
    assert lower[:, 2].tolist() == [1.0, 2.0]
    assert upper[:, 2].tolist() == [1.0, 9.0]


def test_closing_uptake_keeps_a_forced_secretion():
    shut = without_uptake(BOUNDS, [0, 1, 2], [False, True, False])
    assert shut.lower.tolist() == [0.0, -1.0, 2.0, -3.0]
    assert shut.upper.tolist() == [7.0, 0.0, 6.0, 3.0]
