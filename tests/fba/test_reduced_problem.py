import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.reduced_problem import ReducedProblem
from metagnn.optimize import LinearProgram
from metagnn.testing import random_network, toy_network


def problem_of(network, order: int = 2, widest=None) -> ReducedProblem:
    widest = widest or (network.bounds.lower, network.bounds.upper)
    growth = network.reaction_index(network.growth_reaction)
    return ReducedProblem(network.stoichiometry.to_scipy().tocsc(), growth, widest, order)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), order=st.sampled_from([1, 2]))
def test_growth_steady_state_and_norms_are_those_of_the_reactions(seed, order):
    network = random_network(seed)
    problem, S = problem_of(network, order), network.stoichiometry.to_scipy()
    bounds = problem.coupled.group_bounds(network.bounds.lower, network.bounds.upper)
    objective = np.array([network.objective.get(name, 0.0) for name in network.reactions])
    whole = LinearProgram(S, objective).solve(network.bounds.lower, network.bounds.upper)
    small = LinearProgram(problem.coupled.matrix, problem.objective).solve(*bounds)
    assert small.status == whole.status
    if whole.status != "optimal":
        return
    assert small.objective == pytest.approx(whole.objective, abs=1e-9)
    fluxes = problem.coupled.expand(small.values[None])[0]
    assert np.abs(S @ fluxes).max(initial=0.0) < 1e-9
    assert (np.maximum(network.bounds.lower - fluxes, fluxes - network.bounds.upper) < 1e-9).all()
    assert np.linalg.norm(fluxes, order) == pytest.approx(np.linalg.norm(small.values, order), abs=1e-9)
    assert problem.objective[problem.growth] > 0


def test_core_is_solved_with_two_thirds_of_its_columns(core):
    problem = problem_of(core)
    assert problem.coupled.matrix.shape[1] < 0.7 * len(core.reactions)
    glucose = core.reaction_index("EX_glc__D_e")
    assert len(problem.coupled.groups_with(np.array([glucose]))) == 1
    assert len(problem.coupled.groups_with(np.array([core.reaction_index("EX_fru_e")]))) == 0


def test_growth_that_is_blocked_stays_an_objective():
    network = toy_network({"EX_a": "a <=>", "R": "a -> b", "growth": "b + c ->"}, "growth")
    problem = problem_of(network)
    bounds = problem.coupled.group_bounds(network.bounds.lower, network.bounds.upper)
    assert LinearProgram(problem.coupled.matrix, problem.objective).solve(*bounds).objective == pytest.approx(0.0)


def test_bounds_that_only_rounding_parts_are_one_and_others_are_infeasible():
    network = toy_network({"EX_a": "a <=>", "R": "3 a -> b", "S": "b -> c", "growth": "c ->"}, "growth")
    problem, reactions = problem_of(network), len(network.reactions)
    lower, upper = np.zeros(reactions), np.full(reactions, 10.0)
    lower[0], upper[0] = -10.0, 0.0
    # R pinned at .1, and its exchange at what follows from it: three tenths are not .3 in binary.
    lower[1] = upper[1] = 0.1
    lower[0] = upper[0] = -0.3
    low, high = problem.coupled.group_bounds(lower, upper)
    assert (low <= high).all()
    lower[0] = upper[0] = -0.4
    low, high = problem.coupled.group_bounds(lower, upper)
    assert (low > high).any()


def test_rows_without_an_optimum_stay_nan_in_blocked_reactions_too(core):
    problem = problem_of(core)
    values = np.zeros((2, problem.coupled.matrix.shape[1]))
    values[1] = np.nan
    fluxes = problem.coupled.expand(values)
    assert not fluxes[0].any()
    assert np.isnan(fluxes[1]).all()
