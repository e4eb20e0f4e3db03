import numpy as np
import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.dict_document import read_document
from metagnn.network.reader.draft import DraftReaction, ModelDraft
from metagnn.network.reader.limits import read_limits


def test_missing_bounds_are_made_up_and_said():
    draft = ModelDraft("m", [], [DraftReaction("a", {}), DraftReaction("b", {}, reversible=False, upper=5.0)])
    bounds, notes = read_limits(draft)
    assert (bounds.lower.tolist(), bounds.upper.tolist()) == ([-1000.0, 0.0], [1000.0, 5.0])
    assert notes == [
        "2 reactions without bounds in the file, made up as ±1000, or 0 to 1000 where irreversible: 'a', 'b'"
    ]


@pytest.mark.parametrize(("size", "expected"), [(1000, 1000), (99999, 99999), (1e5, np.inf), (1e10, np.inf)])
def test_bounds_that_no_flux_can_reach_are_none(size, expected, toy):
    network = assemble(read_document(toy(reactions={3: {"lower_bound": -size, "upper_bound": size}})))
    assert (network.bounds.lower[3], network.bounds.upper[3]) == (-expected, expected)
    assert bool(network.notes) is (expected == np.inf)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower_bound": 5, "upper_bound": 1}, r"bounds of 'BURN' are \[5, 1\]; expected numbers with lower ≤ upper"),
        ({"lower_bound": "abc"}, "a bound of reaction 'BURN' is 'abc'; expected a number"),
        ({"upper_bound": float("nan")}, "bounds of 'BURN' are"),
    ],
)
def test_bounds_that_cannot_be_name_their_reaction(change, message, toy):
    with pytest.raises(NetworkError, match=message):
        assemble(read_document(toy(reactions={4: change})))
