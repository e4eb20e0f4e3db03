import dataclasses

import numpy as np
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.extrapolation.source import SparseMedia
from metagnn.studies.harness.samples import Samples, SampleStore
from metagnn.studies.rivals.media_contestants import CONTESTANTS, MODELS, QUICK, Problem


@pytest.fixture(scope="module")
def problem() -> Problem:
    store = SampleStore()
    samples = SparseMedia(40).samples(store, 0)
    train = Samples(samples.media[::2], samples.fluxes[::2])
    return Problem(store.network("e_coli_core"), train, samples.media[1::2], QUICK)


def growth_only(problem: Problem) -> Problem:
    fluxes = problem.train.fluxes[[problem.network.growth_reaction]]
    return dataclasses.replace(problem, train=Samples(problem.train.media, fluxes))


def test_every_model_answers_on_every_reaction_with_labels(problem: Problem) -> None:
    answers = {model: fluxes for run in CONTESTANTS.values() for model, fluxes in run(problem, 0).items()}
    assert tuple(answers) == MODELS
    for fluxes in answers.values():
        assert fluxes.shape == (20, 95)
        assert np.isfinite(fluxes).all()


def test_regressions_say_growth_alone_where_they_saw_nothing_else(problem: Problem) -> None:
    growth = problem.network.reaction_index(problem.network.growth_reaction)
    for name in ("balance_mlp", "ridge", "mean"):
        (fluxes,) = CONTESTANTS[name](growth_only(problem), 0).values()
        assert np.isfinite(fluxes[:, growth]).all()
        assert np.isnan(np.delete(fluxes, growth, axis=1)).all()
    for fluxes in CONTESTANTS["flux_gnn"](growth_only(problem), 0).values():
        assert np.isfinite(fluxes).all()


def test_constraints_hold_what_they_promise(problem: Problem, core: MetabolicNetwork) -> None:
    answers = CONTESTANTS["flux_gnn"](problem, 0) | CONTESTANTS["flux_gnn_soft"](problem, 0)
    lower, upper = problem.bounds(problem.media)
    balance = {name: np.abs(core.stoichiometry.to_scipy() @ v.T).max() for name, v in answers.items()}
    violation = {name: np.maximum(lower - v, v - upper).max() for name, v in answers.items()}
    assert balance["flux_gnn_polytope"] < 1e-9
    assert balance["flux_gnn_steady_state"] < 1e-9
    assert violation["flux_gnn_polytope"] < 1e-9
    assert violation["flux_gnn_soft"] <= 0.0


def test_fba_has_growth_exactly_and_mean_the_same_everywhere(problem: Problem) -> None:
    samples = SparseMedia(40).samples(SampleStore(), 0)
    growth = problem.network.reaction_index(problem.network.growth_reaction)
    fluxes = CONTESTANTS["fba"](problem, 0)["fba"]
    assert np.allclose(fluxes[:, growth], samples.fluxes.to_numpy()[1::2, growth], atol=1e-7)
    constant = CONTESTANTS["mean"](problem, 0)["mean"]
    assert np.allclose(constant, problem.train.fluxes.to_numpy().mean(axis=0))


def test_without_growth_the_growth_network_says_nothing(problem: Problem) -> None:
    fluxes = problem.train.fluxes[["PGI", "EX_co2_e"]]
    other = dataclasses.replace(problem, train=Samples(problem.train.media, fluxes))
    assert np.isnan(CONTESTANTS["balance_mlp"](other, 0)["balance_mlp"]).all()
