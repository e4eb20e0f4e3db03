import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.optimize.tableau import Tableau
from metagnn.testing import random_network


def check(tableau: Tableau, matrix: np.ndarray) -> None:
    """The basis stays a basis, and the equations those of the matrix."""
    entries = tableau.entries.astype(np.float64)
    assert np.array_equal(entries[:, tableau.basis], np.eye(len(entries)))
    assert len(entries) == np.linalg.matrix_rank(matrix)
    assert np.allclose(matrix[:, tableau.basis] @ entries, matrix, rtol=0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_exchanges_keep_the_equations_and_bring_in_the_mobile(seed: int) -> None:
    matrix, rng = random_network(seed).stoichiometry.to_scipy().toarray(), np.random.default_rng(seed)
    tableau = Tableau(matrix)
    check(tableau, matrix)
    mobility = 10 ** rng.uniform(-12, 12, matrix.shape[1])
    mobility[rng.random(len(mobility)) < 0.2] = 0.0
    twin = tableau.copy()
    twin.prefer(mobility)
    check(twin, matrix)
    check(tableau, matrix)
    outside = np.setdiff1d(np.flatnonzero(mobility), twin.basis)
    gain = (
        twin.entries[:, outside].astype(np.float64) ** 2 * mobility[outside] / (mobility[twin.basis][:, None] + 1e-30)
    )
    assert gain.max(initial=0.0) <= 4.0


def test_dependent_rows_are_dropped() -> None:
    tableau = Tableau(np.array([[1.0, -1.0, 0.0], [0.1, -0.1, 0.0], [0.0, 1.0, -3.0]]))
    assert tableau.entries.shape == (2, 3)
    assert tableau.clean(np.array([0])).shape == (1, 3)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_matrix_without_balances_has_no_basis(rows: int) -> None:
    assert len(Tableau(np.zeros((rows, 3))).basis) == 0
