import numpy as np

from metagnn.network.flux_carriers import flux_carriers
from metagnn.testing import toy_network


def test_blocked_reactions_carry_nothing_and_open_ones_are_found():
    equations = {"EX_a": "a <=>", "r": "a -> b", "EX_b": "b ->", "EX_x": "x <=>", "s": "x -> y"}
    network = toy_network(equations)
    S, everything = network.stoichiometry.to_scipy(), np.ones(5, dtype=bool)
    forward, backward = np.ones(5, dtype=bool), np.array([True, False, False, True, False])
    np.testing.assert_array_equal(flux_carriers(S, backward, forward, everything), [True, True, True, False, False])
    only = np.array([False, False, True, False, False])
    np.testing.assert_array_equal(flux_carriers(S, backward, forward, only), only)
    assert not flux_carriers(S, backward & False, forward, everything).any()
