import pytest

from metagnn.errors import NetworkError
from metagnn.network.objective import growth_of


def test_the_one_reaction_that_is_maximised_is_growth():
    assert growth_of({"a": 0.0, "growth": 2.0}, "net") == "growth"


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ({"a": 0.0}, "net has no objective; set the growth reaction"),
        ({"a": 1.0, "b": 1.0}, r"the objective of net has 2 reactions \('a', 'b'\)"),
        ({"a": -1.0}, "the objective of net minimises 'a'"),
    ],
)
def test_any_other_objective_is_refused(objective, message):
    with pytest.raises(NetworkError, match=message):
        growth_of(objective, "net")
