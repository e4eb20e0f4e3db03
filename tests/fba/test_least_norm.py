import numpy as np
import pytest
import scipy.optimize
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
        assert best.objective >= v @ v - 1e-6
        other = LinearProgram(matrix, rng.normal(size=len(v))).solve(pinned_low, pinned_high)
        assert v @ v <= other.values @ other.values + 1e-6


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_shared_regions_return_what_each_medium_gets_alone(make_random_network, seed):
    matrix, objective, lower, upper = _case(make_random_network(seed), seed + 1)
    together, status = LeastNorm(matrix, objective, np.arange(3)).solve(lower, upper, lambda done: None)
    for row in range(len(lower)):
        alone, said = LeastNorm(matrix, objective, np.arange(3)).solve(lower[[row]], upper[[row]], lambda done: None)
        assert said == [status[row]]
        assert np.allclose(alone[0], together[row], atol=1e-8, equal_nan=True)


def test_agrees_with_a_general_solver(core):
    matrix = core.stoichiometry.to_scipy().tocsc()
    objective = np.zeros(matrix.shape[1])
    objective[core.reaction_index(core.growth_reaction)] = 1.0
    lower, upper = core.uptake_bounds(["EX_glc__D_e"], np.array([[4.0]]))
    fluxes, _ = LeastNorm(matrix, objective, np.array([core.reaction_index("EX_glc__D_e")])).solve(
        lower, upper, lambda done: None
    )
    growth = objective @ fluxes[0]
    stacked = np.vstack([matrix.toarray(), objective])
    right = np.append(np.zeros(matrix.shape[0]), growth)
    reference = scipy.optimize.minimize(
        lambda v: 0.5 * v @ v,
        np.clip(0.9 * fluxes[0], lower[0], upper[0]),
        jac=lambda v: v,
        bounds=np.c_[lower[0], upper[0]],
        constraints={"type": "eq", "fun": lambda v: stacked @ v - right, "jac": lambda v: stacked},
        method="trust-constr",
        options={"maxiter": 300},
    )
    assert fluxes[0] @ fluxes[0] == pytest.approx(2 * reference.fun, rel=1e-3)
    assert np.abs(reference.x - fluxes[0]).max() < 0.5


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
