import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.fba.parsimonious import ParsimoniousOptimum
from metagnn.fba.plain_optimum import PlainOptimum
from metagnn.optimize import LinearProgram


def _silent(done):
    pass


def _one(engine, bounds):
    fluxes, status = engine.solve(bounds.lower[None], bounds.upper[None], _silent)
    return fluxes[0], status[0]


def test_parsimony_takes_the_short_route_and_runs_backward_where_it_must(make_network):
    # Growth r5 needs m1. Routes from m0: r2 (direct, backward: m1 → m0) or r3 and r4 (two steps).
    matrix = np.array(
        [
            [-1.0, 0.0, 1.0, -1.0, 0.0, 0.0],
            [0.0, -1.0, -1.0, 0.0, 1.0, -1.0],
            [0.0, 0.0, 0.0, 1.0, -1.0, 0.0],
        ]
    )
    network = make_network(matrix, np.array([-5.0, 0, -3.0, 0, 0, 0]), np.full(6, 10.0), exchanges=2)
    S, varying = network.stoichiometry.to_scipy().tocsc(), np.arange(2)
    parsimonious = ParsimoniousOptimum(S, 5, network.bounds.lower < 0, varying)
    assert _one(parsimonious, network.bounds)[0] == pytest.approx([-5.0, 0.0, -3.0, 2.0, 2.0, 5.0])
    assert _one(PlainOptimum(S, np.eye(6)[5], varying, (network.bounds.lower, network.bounds.upper)), network.bounds)[
        0
    ][5] == pytest.approx(5.0)
    assert _one(parsimonious, network.bounds.close([0]))[0] == pytest.approx(np.zeros(6))


def test_infeasible_passes_through(make_network):
    network = make_network(np.array([[-1.0, -1.0]]), np.array([0.0, 1.0]), np.array([0.0, 2.0]), exchanges=1)
    S = network.stoichiometry.to_scipy().tocsc()
    engine = ParsimoniousOptimum(S, 1, network.bounds.lower < 0, np.arange(1))
    fluxes, status = _one(engine, network.bounds)
    assert status == "infeasible"
    assert np.isnan(fluxes).all()


def _media(network, seed):
    rng = np.random.default_rng(seed)
    lower, upper = network.uptake_bounds(network.exchanges, rng.choice([0.0, 1.0, rng.uniform(0, 5)], (25, 3)))
    # Some samples go without a reaction; some of these must carry flux.
    closed = rng.random(lower.shape) < 0.05
    closed[::3] = False
    lower[closed] = upper[closed] = 0.0
    return lower, upper


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_shared_bases_give_the_optimum_of_each_medium_alone(make_random_network, seed):
    network = make_random_network(seed)
    S, objective = network.stoichiometry.to_scipy().tocsc(), np.eye(len(network.reactions))[-1]
    lower, upper = _media(network, seed)
    backward = (lower < 0).any(axis=0)
    free, least = (
        PlainOptimum(S, objective, np.arange(3), (lower.min(axis=0), upper.max(axis=0))),
        ParsimoniousOptimum(S, len(objective) - 1, backward, np.arange(3)),
    )
    for order in (slice(None), slice(None, None, -1)):
        for engine in (free, least):
            fluxes, status = engine.solve(lower[order], upper[order], _silent)
            for v, said, low, high in zip(fluxes, status, lower[order], upper[order], strict=True):
                alone = LinearProgram(S, objective).solve(low, high)
                assert said == alone.status
                if said != "optimal":
                    assert np.isnan(v).all()
                    continue
                assert v[-1] == pytest.approx(alone.objective, abs=1e-8)
                assert np.abs(S @ v).max() < 1e-8
                assert np.all((v >= low - 1e-8) & (v <= high + 1e-8))
                if engine is least:
                    assert np.abs(v).sum() == pytest.approx(_least_total(S, low, high, alone.objective), abs=1e-5)


def _least_total(S, lower, upper, growth):
    """Σ|v| at that growth, by the textbook form: |v| bounded by a variable of its own."""

    n = S.shape[1]
    signs = np.block([[np.eye(n), -np.eye(n)], [-np.eye(n), -np.eye(n)]])
    pinned = lower.copy()
    pinned[-1] = growth - 1e-9
    found = scipy.optimize.linprog(
        np.r_[np.zeros(n), np.ones(n)],
        A_ub=signs,
        b_ub=np.zeros(2 * n),
        A_eq=np.c_[S.toarray(), np.zeros(S.shape)],
        b_eq=np.zeros(S.shape[0]),
        bounds=[*zip(pinned, upper, strict=True), *[(0, None)] * n],
    )
    return found.fun


@pytest.mark.parametrize("parsimonious", [False, True])
def test_few_programs_serve_many_media(core, monkeypatch, parsimonious):
    names = ["EX_glc__D_e", "EX_o2_e"]
    lower, upper = core.uptake_bounds(names, np.random.default_rng(0).uniform(1.0, [10, 20], (200, 2)))
    S, varying = core.stoichiometry.to_scipy().tocsc(), np.array([core.reaction_index(name) for name in names])
    growth = core.reaction_index(core.growth_reaction)
    engine = PlainOptimum(S, np.eye(95)[growth], varying, (lower.min(axis=0), upper.max(axis=0)))
    if parsimonious:
        engine = ParsimoniousOptimum(S, growth, lower[0] < 0, varying)
    calls, solve = [], LinearProgram.solve

    def spy(self, *bounds):
        calls.append(bounds)
        return solve(self, *bounds)

    monkeypatch.setattr(LinearProgram, "solve", spy)
    _, status = engine.solve(lower, upper, _silent)
    assert status.count("optimal") > 150
    # Every infeasible medium needs a program of its own.
    assert len(calls) - status.count("infeasible") < (60 if parsimonious else 30)
