import numpy as np
import scipy.sparse

from metagnn.fba.law_errors import fail_violations, law_errors


def test_each_sample_has_its_largest_imbalance_and_violation():
    matrix = scipy.sparse.csc_array([[1.0, -1.0, 0.0], [0.0, 1.0, -2.0]])
    fluxes = np.array([[2.0, 2.0, 1.0], [3.0, 2.0, 2.0], [np.nan, 0.0, 0.0], [-1.5, -1.5, -0.75]])
    lower, upper = np.full(fluxes.shape, -1.0), np.full(fluxes.shape, 2.0)
    imbalance, violation = law_errors(matrix, fluxes, lower, upper)
    assert np.array_equal(imbalance, [0.0, 2.0, np.nan, 0.0], equal_nan=True)
    assert np.array_equal(violation, [0.0, 1.0, np.nan, 0.5], equal_nan=True)


def test_no_metabolite_and_no_sample_break_no_law():
    empty = scipy.sparse.csc_array((0, 2))
    assert [errors.tolist() for errors in law_errors(empty, np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 2)))] == [
        [0.0],
        [0.0],
    ]
    none = np.zeros((0, 2))
    assert all(len(errors) == 0 for errors in law_errors(empty, none, none, none))


def test_only_labels_that_miss_a_law_fail() -> None:
    S = scipy.sparse.csc_array(np.array([[1.0, -1.0]]))
    fluxes = np.array([[1.0, 1.0], [1.0, 0.5], [3.0, 3.0], [np.nan, np.nan]])
    lower, upper = np.zeros((4, 2)), np.full((4, 2), 2.0)
    status = ["optimal", "optimal", "optimal", "infeasible"]
    fail_violations(S, fluxes, status, lower, upper)
    assert status == [
        "optimal", "failed: residual 5.0e-01 mmol/gDW/h", "failed: residual 1.0e+00 mmol/gDW/h", "infeasible",
    ]  # fmt: skip
    assert fluxes[0].tolist() == [1.0, 1.0]
    assert np.isnan(fluxes[1:]).all()
