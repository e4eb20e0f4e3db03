import numpy as np
import pytest

from metagnn.optimize.updated_tableau import UpdatedTableau
from metagnn.testing import random_network


@pytest.mark.parametrize("seed", range(4))
def test_exchanges_keep_the_equations_as_computing_anew_does(seed: int) -> None:
    matrix, rng = random_network(seed).stoichiometry.to_scipy().toarray(), np.random.default_rng(seed)
    mobility = 10 ** rng.uniform(-12, 12, matrix.shape[1])
    tableau = UpdatedTableau(np.vstack([matrix, matrix[0]]), mobility)
    assert len(tableau.basis) == np.linalg.matrix_rank(matrix), "dependent rows are dropped"
    tableau.prefer(mobility[::-1].copy())
    updated = tableau.entries.copy()
    assert np.allclose(matrix[:, tableau.basis] @ updated, matrix, rtol=0, atol=1e-9)
    tableau.renew()
    assert np.allclose(tableau.entries, updated, rtol=0, atol=1e-9)
    values = rng.normal(size=matrix.shape[1])
    tableau.balance(values, np.ones(len(tableau.basis), dtype=bool))
    assert np.abs(matrix @ values).max() <= 1e-12 * (1 + np.abs(values).max())
