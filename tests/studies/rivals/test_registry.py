import dataclasses

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.network import MetabolicNetwork
from metagnn.studies.extrapolation.source import SparseMedia
from metagnn.studies.harness.samples import Samples, SampleStore, feasible_samples
from metagnn.studies.rivals.problem import QUICK, Effort, Problem
from metagnn.studies.rivals.registry import RIVALS
from metagnn.training.config import TrainingConfig

UNTUNED = Effort(mlp_training=TrainingConfig(epochs=3))


@pytest.fixture(scope="module")
def samples() -> Samples:
    return SparseMedia(40).samples(SampleStore(), 0)


@pytest.fixture(scope="module")
def problem(core: MetabolicNetwork, samples: Samples) -> Problem:
    return Problem(core, samples.rows(slice(None, None, 2)), QUICK)


@pytest.fixture(scope="module")
def media(samples: Samples) -> pd.DataFrame:
    return samples.media[1::2]


def growth_only(problem: Problem) -> Problem:
    fluxes = problem.train.fluxes[[problem.network.growth_reaction]]
    return dataclasses.replace(problem, train=Samples(problem.train.media, fluxes))


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_predicts_every_reaction_with_labels(problem: Problem, media: pd.DataFrame, name: str) -> None:
    answers = RIVALS[name](problem, 0).predict(media)
    assert tuple(answers) == (("polytope", "steady_state") if name == "flux_gnn" else ("",))
    for fluxes in answers.values():
        assert fluxes.shape == (20, 95)
        assert np.isfinite(fluxes).all()


def test_regressions_predict_growth_alone_where_they_learned_nothing_else(
    problem: Problem, media: pd.DataFrame
) -> None:
    growth = problem.network.reaction_index(problem.network.growth_reaction)
    for name in ("mlp", "ridge", "mean"):
        (fluxes,) = RIVALS[name](growth_only(problem), 0).predict(media).values()
        assert np.isfinite(fluxes[:, growth]).all()
        assert np.isnan(np.delete(fluxes, growth, axis=1)).all()
    for fluxes in RIVALS["flux_gnn"](growth_only(problem), 0).predict(media).values():
        assert np.isfinite(fluxes).all()


def test_constraints_hold_what_they_promise(problem: Problem, media: pd.DataFrame, core: MetabolicNetwork) -> None:
    answers = RIVALS["flux_gnn"](problem, 0).predict(media)
    answers |= {"soft": RIVALS["flux_gnn_soft"](problem, 0).predict(media)[""]}
    lower, upper = problem.bounds(media)
    balance = {name: np.abs(core.stoichiometry.to_scipy() @ v.T).max() for name, v in answers.items()}
    violation = {name: np.maximum(lower - v, v - upper).max() for name, v in answers.items()}
    assert balance["polytope"] < 1e-9
    assert balance["steady_state"] < 1e-9
    assert violation["polytope"] < 1e-9
    assert violation["soft"] <= 0.0


def test_fba_has_growth_exactly_and_mean_the_same_everywhere(
    problem: Problem, samples: Samples, media: pd.DataFrame
) -> None:
    growth = problem.network.reaction_index(problem.network.growth_reaction)
    fluxes = RIVALS["fba"](problem, 0).predict(media)[""]
    assert np.allclose(fluxes[:, growth], samples.fluxes.to_numpy()[1::2, growth], atol=1e-7)
    constant = RIVALS["mean"](problem, 0).predict(media)[""]
    assert np.allclose(constant, problem.train.fluxes.to_numpy().mean(axis=0))


def test_whatever_was_observed_is_predicted(problem: Problem, media: pd.DataFrame) -> None:
    fluxes = problem.train.fluxes[["PGI", "EX_co2_e"]]
    other = dataclasses.replace(problem, train=Samples(problem.train.media, fluxes))
    known = [problem.network.reaction_index(name) for name in fluxes]
    for name in ("mlp", "ridge"):
        predicted = RIVALS[name](other, 0).predict(media)[""]
        assert np.isfinite(predicted[:, known]).all()
        assert np.isnan(np.delete(predicted, known, axis=1)).all()


@pytest.fixture(scope="module")
def same_ranges(core: MetabolicNetwork) -> tuple[Problem, Samples]:
    train, test = (feasible_samples(core, E_COLI_CORE_RANGES, 40, "min_norm", seed) for seed in (0, 1))
    return Problem(core, train, UNTUNED), test


@pytest.mark.parametrize("name", ["mlp", "ridge", "quadratic_ridge", "mean"])
def test_untuned_rivals_keep_steady_state(
    core: MetabolicNetwork, same_ranges: tuple[Problem, Samples], name: str
) -> None:
    problem, test = same_ranges
    (fluxes,) = RIVALS[name](problem, 0).predict(test.media).values()
    assert fluxes.shape == test.fluxes.shape
    # Linear combinations of balanced training fluxes are balanced; the feed-forward network is projected.
    assert np.abs(core.stoichiometry.to_scipy() @ fluxes.T).max() < 1e-9


def test_untuned_regressions_beat_the_mean(core: MetabolicNetwork, same_ranges: tuple[Problem, Samples]) -> None:
    problem, test = same_ranges
    growth = core.reaction_index(core.growth_reaction)
    errors = {
        name: np.abs(RIVALS[name](problem, 0).predict(test.media)[""] - test.fluxes.to_numpy())[:, growth].mean()
        for name in ("quadratic_ridge", "ridge", "mean")
    }
    assert max(errors["quadratic_ridge"], errors["ridge"]) < errors["mean"] / 2
