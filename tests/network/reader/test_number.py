import math

import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader.number import read_coefficient, read_number


@pytest.mark.parametrize(
    ("stated", "number"),
    [(1, 1.0), ("1e-3", 1e-3), (10**400, math.inf), (-(10**400), -math.inf), ("1e999", math.inf), (-0.0, 0.0)],
)
def test_whatever_says_a_number_is_one(stated, number):
    assert read_number(stated) == number


@pytest.mark.parametrize("stated", [True, None, "x", "\ud800", [], {}])
def test_what_says_none_is_none(stated):
    assert math.isnan(read_number(stated))


@pytest.mark.parametrize("stated", [math.nan, math.inf, 1e308, "1e999", 10**400, -1e15, False, "1" * 5000])
def test_a_coefficient_is_a_number_that_others_can_be_added_to(stated):
    with pytest.raises(NetworkError, match=r"the coefficient is .*; expected a number below 1e\+15") as error:
        read_coefficient(stated, "the coefficient")
    assert len(str(error.value)) < 120
