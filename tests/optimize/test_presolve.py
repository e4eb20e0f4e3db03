import numpy as np
import scipy.sparse

from metagnn.optimize.presolve import remove_implied


def test_a_shut_dead_end_is_followed_to_its_end():
    # in → a → b → out, with `in` held at 2: the chain has one value; the separate pair of columns stays.
    matrix = scipy.sparse.csr_array(
        np.array([[1.0, -1.0, 0.0, 0.0, 0.0], [0.0, 1.0, -2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, -1.0]])
    )
    lower = np.array([2.0, 0.0, 0.0, 0.0, 0.0])
    upper = np.array([2.0, 9.0, 9.0, 9.0, 9.0])
    reduced = remove_implied(matrix, np.zeros(3), lower, upper)
    assert reduced.values.tolist() == [2.0, 2.0, 1.0, 0.0, 0.0]
    assert reduced.columns.tolist() == [3, 4]
    assert reduced.rows.tolist() == [2]
    assert reduced.implied == ((0, 1), (1, 2))


def test_two_rows_that_fix_one_column_use_it_once():
    matrix = scipy.sparse.csr_array(np.array([[1.0, 1.0], [1.0, 2.0]]))
    reduced = remove_implied(matrix, np.array([3.0, 5.0]), np.array([1.0, -9.0]), np.array([1.0, 9.0]))
    assert reduced.values.tolist() == [1.0, 2.0]
    assert len(reduced.implied) == 1
    assert len(reduced.columns) == len(reduced.rows) == 0
