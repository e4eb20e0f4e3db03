import numpy as np
import pytest

from metagnn.optimize.free_curvature import FreeCurvature
from metagnn.optimize.updated_tableau import UpdatedTableau
from metagnn.testing import random_network


@pytest.mark.parametrize("seed", range(4))
def test_updates_are_what_is_computed_anew(seed: int) -> None:
    matrix, rng = random_network(seed).stoichiometry.to_scipy().toarray(), np.random.default_rng(seed)
    root = np.exp(rng.normal(size=matrix.shape[1]))
    tableau = UpdatedTableau(matrix, root**-2)
    curvature, free = FreeCurvature(tableau, root), np.ones(len(root), dtype=bool)
    curvature.compute(free)
    first, second = curvature.columns[:2]
    row = int(np.abs(tableau.entries[:, second]).argmax())
    curvature.hold(first)
    curvature.swap(row, second)
    curvature.release(first, np.ones(len(tableau.basis), dtype=bool))
    order, right = list(curvature.columns), rng.normal(size=len(root))
    updated = curvature.apply(right[order])
    curvature.compute(free)
    assert np.allclose(curvature.apply(right[curvature.columns]), updated[np.argsort(order)], rtol=0, atol=1e-9)
