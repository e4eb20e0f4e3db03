import pickle

import numpy as np
import pytest

from metagnn.studies.extrapolation.experiment import Extrapolation, spread_of
from metagnn.studies.extrapolation.scores import METRICS
from metagnn.studies.extrapolation.source import SparseMedia
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.rivals.media_contestants import QUICK


def test_growth_only_never_sees_another_flux(monkeypatch: pytest.MonkeyPatch) -> None:
    from metagnn.studies.extrapolation import experiment as module

    seen = {}

    def spy(problem, seed):
        seen[len(problem.train.fluxes.columns)] = set(problem.train.media.index) & set(problem.media.index)
        return {"spy": problem.fill([], np.empty((len(problem.media), 0)))}

    monkeypatch.setitem(module.CONTESTANTS, "spy", spy)
    for setting in ("labelled", "growth_only"):
        experiment = Extrapolation(f"{setting}.few_to_many", SparseMedia(40), QUICK)
        assert (experiment.setting, experiment.split) == (setting, "few_to_many")
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
    assert set(results["labelled"]["random"]) == {"mean", "fba"}
    for scores in results["labelled"]["random"].values():
        assert set(scores) == set(METRICS)
    growth = results["labelled"]["random"]["fba"]["growth_q2"]
    assert growth["min"] == pytest.approx(1.0)
    assert runs["mean"][0]["train_media"] == runs["mean"][0]["test_media"] == 20


def test_spread() -> None:
    assert spread_of([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}
    assert spread_of([1.0, None]) == {"median": None, "min": None, "max": None}
