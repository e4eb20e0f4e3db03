import numpy as np
import pytest

from metagnn.errors import NetworkError
from metagnn.fba.growth_capacity import largest_growth, require_growth
from metagnn.network import MetabolicNetwork
from metagnn.testing import toy_network

EQUATIONS = {"EX_a": "a <=>", "EX_o": "o <=>", "r": "a -> b", "growth": "b + c + o -> d", "EX_d": "d ->"}


def test_models_that_can_grow_pass(core: MetabolicNetwork):
    require_growth(core)
    assert largest_growth(core) == pytest.approx(0.873922, abs=1e-6)
    # A closed medium is no fault of the model.
    starved = core.with_medium({})
    require_growth(starved)
    assert np.isnan(largest_growth(starved))


def test_what_nothing_makes_is_named():
    network = toy_network(EQUATIONS, "growth")
    with pytest.raises(
        NetworkError, match=r"toy cannot grow by 'growth' even with every exchange open: nothing makes 'c'"
    ):
        require_growth(network)
    require_growth(toy_network(EQUATIONS | {"s": "b -> c"}, "growth", {"EX_a": (0, 1000)}))


def test_a_closed_growth_reaction_is_named(core: MetabolicNetwork):
    with pytest.raises(
        NetworkError, match=r"growth reaction 'Biomass_Ecoli_core' of e_coli_core is closed .* \[0, 0\]"
    ):
        require_growth(core.knock_out(reactions=["Biomass_Ecoli_core"]))


def test_bounds_that_nothing_meets_are_told():
    network = toy_network(EQUATIONS | {"s": "b -> c", "x": "z ->"}, "growth", {"x": (5, 10)})
    with pytest.raises(NetworkError, match="has no steady state within its bounds"):
        require_growth(network)


def test_what_leaves_the_cell_is_no_limit():
    network = toy_network(EQUATIONS | {"s": "b -> c"}, "growth", {"EX_d": (0, 0)})
    with pytest.raises(NetworkError, match="it cannot carry flux"):
        require_growth(network)
