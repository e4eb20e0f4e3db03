import numpy as np
import pytest
import scipy.sparse

from metagnn.network.derived_contents import ContentEquations


def solve(matrix: list[list[float]], weights: list[float], known: list[bool]):
    return ContentEquations(scipy.sparse.csr_array(np.array(matrix)), np.array(weights), np.array(known)).solve()


def test_unknowns_that_only_occur_together_are_solved_together():
    # a -> x + y and a -> x + 3 y with a = 4: y = 0 is wrong only if x and y were solved one by one.
    found = solve([[-1, 1, 1], [-2, 1, 3]], [4, 0, 0], [True, False, False])
    assert found.determined.all()
    np.testing.assert_allclose(found.values, [2.0, 2.0])


def test_what_is_open_starts_from_what_the_model_states():
    # R on both sides: x -> y, stated as 3 and 3; nothing is determined, and nothing moves.
    found = solve([[-1, 1, 0]], [3, 3, 1], [False, False, True])
    assert not found.determined.any()
    np.testing.assert_array_equal(found.values, [3.0, 3.0])
    columns = scipy.sparse.csc_array(np.array([[1.0, -1.0], [0.0, 1.0], [0.0, 0.0]]))
    undetermined, missing = found.undetermined(columns, np.array([3.0, 3.0, 1.0]))
    assert undetermined.tolist() == [True, False]
    assert missing[:, 0].tolist() == [True, False]


@pytest.mark.parametrize(("amount", "accepted"), [(1.0, False), (0.01, True)])
def test_a_contradiction_counts_by_its_part_in_the_whole(amount: float, accepted: bool):
    # x is 2 by one reaction and 3 by another; it is a part of a biomass that holds 10 of something known.
    found = solve([[-1, 0, 0, 1], [0, -1, 0, 1]], [2, 3, 10, 0], [True, True, True, False])
    assert not found.determined.any()
    column = scipy.sparse.csc_array(np.array([[0.0], [0.0], [-1.0], [-amount]]))
    assert found.undetermined(column, np.array([2, 3, 10, 2.5]))[0].tolist() == [not accepted]
