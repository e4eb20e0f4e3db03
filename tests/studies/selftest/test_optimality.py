import numpy as np
import pytest
import scipy.sparse

from metagnn.studies.selftest.optimality import optimality_gap

S = scipy.sparse.csr_array(np.array([[1.0, -1.0, -1.0]]))
LOWER, UPPER = np.array([2.0, 0.0, 0.0]), np.array([2.0, 10.0, 10.0])


def test_only_the_optimum_has_no_gap() -> None:
    # Least Σv² of two equal branches that carry 2 together.
    best, other = np.array([2.0, 1.0, 1.0]), np.array([2.0, 0.5, 1.5])
    assert optimality_gap(S, best, 2 * best, LOWER, UPPER) == pytest.approx(0.0, abs=1e-12)
    # The slope falls by 3 − 1 per unit moved, of 1.5 that can move.
    assert optimality_gap(S, other, 2 * other, LOWER, UPPER) == pytest.approx(3.0 / 13.0)


def test_without_an_optimum_there_is_no_certificate() -> None:
    with pytest.raises(ArithmeticError, match="HiGHS"):
        optimality_gap(S, np.zeros(3), np.array([-1.0, 0.0, 0.0]), np.zeros(3), np.full(3, np.inf))
