import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.least_norm import LeastNorm
from metagnn.optimize import LinearProgram


def _case(network, seed):
    rng = np.random.default_rng(seed)
    matrix = network.stoichiometry.to_scipy().tocsc()
    objective = np.zeros(matrix.shape[1])
    objective[-1] = 1.0
    uptakes = rng.choice([0.0, 1.0, 2.5, 5.0, rng.uniform(0, 5)], (12, 3))
    return matrix, objective, *network.uptake_bounds(network.exchanges, uptakes)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_optimal_feasible_and_of_least_norm_on_random_networks(make_random_network, seed):
    matrix, objective, lower, upper = _case(make_random_network(seed), seed)
    fluxes, status = LeastNorm(matrix, objective, np.arange(3)).solve(lower, upper, lambda done: None)
    program = LinearProgram(matrix, objective)
    rng = np.random.default_rng(seed)
    for v, said, low, high in zip(fluxes, status, lower, upper, strict=True):
        linear = program.solve(low, high)
        assert said == linear.status
        if said != "optimal":
            assert np.isnan(v).all()
            continue
        assert v[-1] == pytest.approx(linear.objective, abs=1e-7)
        assert np.abs(matrix @ v).max() < 1e-8
        assert np.all((v >= low - 1e-8) & (v <= high + 1e-8))
        # Convexity: v is nearest to zero on the optimal face if and only if v·(u − v) ≥ 0 for every u on it.
        pinned_low, pinned_high = low.copy(), high.copy()
        pinned_low[-1], pinned_high[-1] = v[-1] - 1e-9, v[-1] + 1e-9
        best = LinearProgram(matrix, v, sense="min").solve(pinned_low, pinned_high)
        assert best.status == "optimal"
        # The other fluxes may miss every bound by the linear solver's tolerance of 1e-7, and be that much shorter.
        missed = 1e-6 + 2e-7 * np.abs(v).sum()
        assert best.objective >= v @ v - missed
        other = LinearProgram(matrix, rng.normal(size=len(v))).solve(pinned_low, pinned_high)
        assert v @ v <= other.values @ other.values + missed


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_shared_regions_return_what_each_medium_gets_alone(make_random_network, seed):
    matrix, objective, lower, upper = _case(make_random_network(seed), seed + 1)
    together, status = LeastNorm(matrix, objective, np.arange(3)).solve(lower, upper, lambda done: None)
    for row in range(len(lower)):
        alone, said = LeastNorm(matrix, objective, np.arange(3)).solve(lower[[row]], upper[[row]], lambda done: None)
        assert said == [status[row]]
        assert np.allclose(alone[0], together[row], atol=1e-8, equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_regions_do_not_mix_up_knockouts(make_random_network, seed):
    matrix, objective, lower, upper = _case(make_random_network(seed), seed + 2)
    closed = np.random.default_rng(seed).random(lower.shape) < 0.1
    closed[::3] = False
    lower[closed] = upper[closed] = 0.0
    engine = LeastNorm(matrix, objective, np.arange(3))
    together, status = engine.solve(lower, upper, lambda done: None)
    # A second time, when every region is known before the first medium.
    again, _ = engine.solve(lower[::-1], upper[::-1], lambda done: None)
    assert np.allclose(again[::-1], together, atol=1e-8, equal_nan=True)
    for row in range(len(lower)):
        alone, said = LeastNorm(matrix, objective, np.arange(3)).solve(lower[[row]], upper[[row]], lambda done: None)
        assert said == [status[row]]
        assert np.allclose(alone[0], together[row], atol=1e-8, equal_nan=True)


def test_least_norm_on_core_by_the_variational_inequality(core):
    matrix = core.stoichiometry.to_scipy().tocsc()
    growth = core.reaction_index(core.growth_reaction)
    names = ["EX_glc__D_e", "EX_gln__L_e", "EX_o2_e"]
    uptakes = np.random.default_rng(4).uniform(0, [10, 10, 20], (15, 3))
    lower, upper = core.uptake_bounds(names, uptakes)
    engine = LeastNorm(matrix, np.eye(95)[growth], np.array([core.reaction_index(name) for name in names]))
    fluxes, status = engine.solve(lower, upper, lambda done: None)
    assert status.count("optimal") >= 12
    for v, low, high in zip(fluxes, lower, upper, strict=True):
        if not np.isnan(v).any():
            low[growth], high[growth] = v[growth] - 1e-10, v[growth] + 1e-10
            best = LinearProgram(matrix, v, sense="min").solve(low, high)
            assert best.objective == pytest.approx(v @ v, rel=1e-6)


def test_few_solves_serve_many_media(core):
    matrix = core.stoichiometry.to_scipy().tocsc()
    objective = np.zeros(matrix.shape[1])
    objective[core.reaction_index(core.growth_reaction)] = 1.0
    names = ["EX_glc__D_e", "EX_o2_e"]
    uptakes = np.random.default_rng(0).uniform(1.0, [10, 20], (200, 2))
    calls = []
    engine = LeastNorm(matrix, objective, np.array([core.reaction_index(name) for name in names]))
    engine.solve(*core.uptake_bounds(names, uptakes), calls.append)
    assert calls[-1] == 200
    assert len(calls) < 60


@pytest.mark.parametrize("limit", [0.0, 1e-13, 1e-10, 1e-9, 3e-8, 1e-6])
def test_near_starvation_growth_is_that_of_the_linear_program(core, limit):
    matrix = core.stoichiometry.to_scipy().tocsc()
    growth = core.reaction_index(core.growth_reaction)
    names = ["EX_glc__D_e", "EX_o2_e", "EX_nh4_e", "EX_pi_e"]
    uptakes = np.array([[20.0, 20.0, 20.0, limit], [20.0, 20.0, limit, 20.0], [20.0, 20.0, limit, limit]])
    lower, upper = core.uptake_bounds(names, uptakes)
    engine = LeastNorm(matrix, np.eye(95)[growth], np.array([core.reaction_index(name) for name in names]))
    fluxes, status = engine.solve(lower, upper, lambda done: None)
    program, magnified = LinearProgram(matrix, np.eye(95)[growth]), 2.0**20
    for v, said, low, high in zip(fluxes, status, lower, upper, strict=True):
        assert said == "optimal"
        assert v[growth] == pytest.approx(
            program.solve(low * magnified, high * magnified).objective / magnified, abs=1e-9
        )
        assert np.abs(matrix @ v).max() < 1e-9
