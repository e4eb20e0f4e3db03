import numpy as np

from metagnn.optimize.extended_active_set import ExtendedActiveSet
from metagnn.optimize.tableau import Tableau


def test_a_guess_that_pulls_the_wrong_way_is_released() -> None:
    free = np.full(3, np.inf)
    problem = np.array([3.0, 1.0, 4.0]), np.zeros(3), free, np.ones(3)
    found = ExtendedActiveSet(Tableau([[1.0, 1.0, -1.0]]), problem, np.array([-1, -1, 0])).solve()
    assert found.values.tolist() == [3.0, 1.0, 4.0]
    assert not found.side.any()
