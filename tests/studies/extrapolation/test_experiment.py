import pickle

import numpy as np
import pandas as pd
import pytest

from metagnn.studies.extrapolation.experiment import CONTESTANTS, MODELS, Extrapolation
from metagnn.studies.extrapolation.source import SparseMedia
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.harness.scores import UNSEEN_METRICS
from metagnn.studies.rivals.problem import QUICK, Fitted, Problem


def test_growth_only_never_sees_another_flux(monkeypatch: pytest.MonkeyPatch) -> None:
    from metagnn.studies.extrapolation import experiment as module

    seen = {}

    def spy(problem: Problem, seed: int) -> Fitted:
        def predict(media: pd.DataFrame) -> dict[str, np.ndarray]:
            seen[len(problem.train.fluxes.columns)] = set(problem.train.media.index) & set(media.index)
            return {"": problem.fill([], np.empty((len(media), 0)))}

        return Fitted(predict)

    monkeypatch.setitem(module.CONTESTANTS, "spy", spy)
    for labels in ("labelled", "growth_only"):
        experiment = Extrapolation(f"{labels}.few_to_many", SparseMedia(40), QUICK)
        assert (experiment.labels, experiment.split) == (labels, "few_to_many")
        experiment.run("spy", experiment.data(SampleStore(), 0), 0)
    assert seen == {95: set(), 1: set()}


def test_results_have_every_metric_under_its_path() -> None:
    experiment = Extrapolation("labelled.random", SparseMedia(40), QUICK)
    assert pickle.loads(pickle.dumps(experiment)).name == experiment.name
    store = SampleStore()
    runs = {
        name: [experiment.run(name, experiment.data(store, seed), seed).scores for seed in (0, 1)]
        for name in ("mean", "fba")
    }
    results = experiment.results(runs)
    assert results["settings"]["splits"]["random"] == {
        "held_out": [runs["mean"][0]["held_out"]],
        "train_media": [20, 20],
        "test_media": [20, 20],
    }
    assert set(results["labelled"]["random"]) == {"mean", "fba"}
    for scores in results["labelled"]["random"].values():
        assert set(scores) == set(UNSEEN_METRICS)
    growth = results["labelled"]["random"]["fba"]["growth_q2"]
    assert growth["min"] == pytest.approx(1.0)
    assert runs["mean"][0]["train_media"] == runs["mean"][0]["test_media"] == 20


def test_every_contestant_answers_under_its_names() -> None:
    assert MODELS[:2] == ("flux_gnn_polytope", "flux_gnn_steady_state")
    assert MODELS[2:] == tuple(CONTESTANTS)[1:]
    experiment = Extrapolation("labelled.random", SparseMedia(40), QUICK)
    data = experiment.data(SampleStore(), 0)
    runs = {name: experiment.run(name, data, 0) for name in ("flux_gnn", "balance_mlp")}
    assert tuple(runs["flux_gnn"].scores["models"]) == MODELS[:2]
    assert tuple(runs["balance_mlp"].scores["models"]) == ("balance_mlp",)
    assert set(runs["flux_gnn"].arrays) == {"observed", *MODELS[:2]}
