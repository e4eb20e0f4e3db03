import numpy as np
import pytest

from metagnn.datasets import uniform_media
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.studies.benchmarks.community import GROWTH, community_of_copies

RANGES = {"EX_glc__D_e": (2.0, 10.0), "EX_o2_e": (5.0, 20.0)}


@pytest.mark.parametrize("copies", [2, 3])
def test_copies_on_as_much_medium_each_grow_as_one_does(core: MetabolicNetwork, copies: int):
    community, media = community_of_copies(core, copies), uniform_media(RANGES, 4, seed=0)
    alone = simulate_fluxes(core, media, "fba").growth
    together = simulate_fluxes(community, copies * media, "fba")
    assert np.allclose(together.growth, alone, rtol=1e-9)
    assert community.growth_reaction == GROWTH
    assert community.exchanges == core.exchanges


def test_the_outside_is_shared_and_the_rest_is_not(core: MetabolicNetwork):
    community = community_of_copies(core, 2)
    outside = len(core.exchanges)
    assert len(community.metabolites) == outside + 2 * (len(core.metabolites) - outside + 1)
    assert len(community.reactions) == outside + 2 * (len(core.reactions) - outside) + 1
