import numpy as np

from metagnn.models.widest_bounds import widest_bounds
from metagnn.network.metabolic_network import MetabolicNetwork


def test_only_what_samples_bring_is_free_and_the_network_keeps_its_own(core: MetabolicNetwork) -> None:
    before = core.bounds.lower.copy(), core.bounds.upper.copy()
    at = core.reaction_index("EX_glc__D_e")
    lower, upper = widest_bounds(core, ["EX_glc__D_e"])
    assert (lower[at], upper[at]) == (-np.inf, np.inf)
    others = np.arange(len(lower)) != at
    for side, own, kept in zip((lower, upper), (core.bounds.lower, core.bounds.upper), before, strict=True):
        assert np.array_equal(side[others], own[others])
        assert np.array_equal(own, kept)
