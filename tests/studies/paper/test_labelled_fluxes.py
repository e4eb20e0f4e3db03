import json

import numpy as np
import pandas as pd
import pytest

from metagnn.studies.harness.samples import Samples, SampleStore, TrainTest
from metagnn.studies.paper import labelled_fluxes
from metagnn.studies.paper.labelled_fluxes import CONTESTANTS, LABELLED, THRESHOLD, UNSEEN, LabelledFluxes
from metagnn.studies.rivals.problem import Fitted
from tests.studies.conftest import small_form


@pytest.fixture(params=[LABELLED, UNSEEN], ids=lambda e: e.name)
def experiment(request: pytest.FixtureRequest) -> LabelledFluxes:
    return small_form(request.param)


def test_all_seeds_share_the_test_media(experiment: LabelledFluxes, store: SampleStore) -> None:
    first, second = (experiment.data(store, seed) for seed in (0, 1))
    assert first.test is second.test
    assert not np.allclose(first.train.media, second.train.media)
    assert (len(first.train.media), len(first.test.media)) == (12, 20)


def test_extrapolation_is_tested_where_nothing_was_trained(store: SampleStore) -> None:
    data = small_form(UNSEEN).data(store, 0)
    assert data.train.media["EX_glc__D_e"].max() <= THRESHOLD <= data.test.media["EX_glc__D_e"].min()


@pytest.mark.parametrize("contestant", CONTESTANTS)
def test_no_contestant_sees_the_labels_of_the_test_media(store: SampleStore, contestant: str) -> None:
    experiment = small_form(LABELLED)
    data = experiment.data(store, 0)
    other = TrainTest(data.network, data.train, Samples(data.test.media, 3 * data.test.fluxes + 7))
    runs = [experiment.run(contestant, d, 0) for d in (data, other)]
    np.testing.assert_array_equal(runs[0].arrays["predicted"], runs[1].arrays["predicted"])
    assert np.isfinite(runs[0].arrays["predicted"]).all()
    json.dumps(runs[0].scores)


def test_the_labels_themselves_score_perfectly(
    experiment: LabelledFluxes, store: SampleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = experiment.data(store, 0)
    history = pd.DataFrame({"epoch": [0], "loss": [1.0]})
    oracle = Fitted(lambda media: {"": data.test.fluxes.to_numpy()}, history)
    monkeypatch.setitem(labelled_fluxes.RIVALS, "oracle", lambda problem, seed: oracle)
    run = experiment.run("oracle", data, 0)
    assert run.scores["growth_r2"] == run.scores["q10_flux_r2"] == 1.0
    assert run.scores["max_abs_sv"] < 1e-9
    assert run.scores["max_bound_violation"] < 1e-9
    assert 0 <= run.scores["train_seconds"] < 0.1
    assert run.history is history
    assert run.arrays["observed"].tolist() == data.test.fluxes.to_numpy().tolist()


def test_results_lie_under_the_path_of_the_name() -> None:
    runs = {"ridge": [{"a": 3.0}, {"a": 1.0}, {"a": 2.0}]}
    leaf = {"ridge": {"a": {"median": 2.0, "min": 1.0, "max": 3.0}}}
    assert LABELLED.results(runs) == {"internal_fluxes": {"labelled": leaf}}
    assert UNSEEN.results(runs) == {"unseen_media": leaf}
