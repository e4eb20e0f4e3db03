import numpy as np
import pytest

from metagnn.analysis.reconciliation.trace_exchanges import boundary_reactions, trace_needs, without_demands
from metagnn.errors import NetworkError
from metagnn.optimize.linear_program import LinearProgram
from metagnn.testing import toy_network

EQUATIONS = {
    "EX_a": "a <=>",
    "EX_b": "b <=>",
    "DM_c": "c ->",
    "MAKE": "a -> p + c",
    "TURN": "p <=> q",
    "GROW": "q + b ->",
}


@pytest.fixture
def network():
    return toy_network(EQUATIONS, objective="GROW")


def named(network, mask):
    return {name for name, inside in zip(network.reactions, mask, strict=True) if inside}


def test_the_border_is_what_is_one_sided_but_growth(network):
    assert named(network, boundary_reactions(network)) == {"EX_a", "EX_b", "DM_c"}


def test_only_what_growth_cannot_do_without_is_needed(network):
    def needed(*present: str) -> set[str]:
        return named(network, trace_needs(network, np.isin(np.array(network.reactions), present)) > 0)

    # The by-product c has to leave, b has to come in.
    assert needed("EX_a") == {"EX_b", "DM_c"}
    assert needed("EX_a", "DM_c") == {"EX_b"}
    assert needed("EX_a", "EX_b", "DM_c") == set()


def test_without_any_one_of_them_nothing_grows(core):
    present = np.isin(np.array(core.reactions), ("EX_glc__D_e", "EX_o2_e", "EX_co2_e"))
    needed = trace_needs(core, present) > 0
    growth = core.reaction_index(core.growth_reaction)
    assert not (needed & present).any()

    def largest_growth(open_ones: np.ndarray) -> float:
        lower, upper = np.full(len(needed), -1000.0), np.full(len(needed), 1000.0)
        irreversible = (core.bounds.lower >= 0) & ~boundary_reactions(core)
        lower[irreversible] = 0.0
        closed = boundary_reactions(core) & ~open_ones
        lower[closed] = upper[closed] = 0.0
        program = LinearProgram(core.stoichiometry.to_scipy(), (np.arange(len(needed)) == growth).astype(float))
        return program.solve(lower, upper).objective

    assert largest_growth(present | needed) > 0.1
    for one in np.flatnonzero(needed):
        without = present | needed
        without[one] = False
        assert largest_growth(without) < 1e-7


def test_a_network_that_cannot_grow_is_refused():
    stuck = toy_network({"EX_a": "a <=>", "GROW": "a + never ->"}, objective="GROW")
    with pytest.raises(NetworkError, match="no flux at steady state that grows"):
        trace_needs(stuck, np.array([True, False]))


def test_without_demands_a_flux_runs_down_to_zero_in_its_own_direction():
    lower, upper = np.array([8.0, -1000.0, -5.0, -3.0, 5.0]), np.array([1000.0, -2.0, 7.0, -3.0, 5.0])
    low, high = without_demands(lower, upper)
    assert low.tolist() == [0.0, -np.inf, -5.0, -np.inf, 0.0]
    assert high.tolist() == [np.inf, 0.0, 7.0, 0.0, np.inf]
