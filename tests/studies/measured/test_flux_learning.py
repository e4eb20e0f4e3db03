import dataclasses

import numpy as np
import pandas as pd
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.measured_fluxes import measured_fluxes
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.measured.flux_case import FluxCase, leave_groups_out
from metagnn.studies.measured.flux_learning import FluxLearning
from metagnn.studies.measured.flux_scores import GROUPS_WON, OF_GROUP
from metagnn.studies.measured.measured_set import OURS


def small_case(store: SampleStore, experiment: FluxLearning, seed: int) -> FluxCase:
    network: MetabolicNetwork = store.network("e_coli_core")
    q = np.array([2.0, 2.5, 3.0, 4.0, 4.5, 5.0, 6.0, 6.5, 7.0])
    targets = pd.DataFrame({"PGI": 0.5 * q, "growth": 0.07 * q})
    samples = measured_fluxes(network, pd.DataFrame({"EX_glc__D_e": q}), targets, 0.1 * targets, np.arange(9) // 3)
    folds = {"groups": leave_groups_out(samples.groups)}
    return FluxCase(samples, samples.targets, ("PGI", network.growth_reaction), folds)


EXPERIMENT = FluxLearning("small", make=small_case, kinds=("max_uptake",), bars=("k·q", "pFBA"), by_group="groups")


@pytest.fixture(scope="module")
def store() -> SampleStore:
    return SampleStore()


def test_the_quick_form_has_few_folds_and_another_job(store: SampleStore) -> None:
    quick = EXPERIMENT.quick()
    assert len(EXPERIMENT.data(store, 0).splits["groups"]) == 3
    assert len(quick.data(store, 0).splits["groups"]) == 2
    assert quick.settings() != EXPERIMENT.settings()


def test_runs_score_every_split_and_results_count_groups_won(store: SampleStore) -> None:
    case = EXPERIMENT.data(store, 0)
    names = ("mean", "k·q", "pFBA", "ridge")
    runs = {name: [EXPERIMENT.run(name, case, seed).scores for seed in (0, 1)] for name in names}
    found = EXPERIMENT.results(runs)["sets"]["small"]["groups"]
    assert list(found) == list(names)
    assert found["k·q"]["normalised_error"]["median"] == pytest.approx(0.0, abs=1e-9)
    assert found["mean"]["normalised_error"]["median"] > 0.2
    assert found["mean"][GROUPS_WON] == {"median": 0.0, "min": 0.0, "max": 0.0}
    assert {name for name in found["mean"] if name.startswith(OF_GROUP)} == {f"{OF_GROUP}{k}" for k in range(3)}
    assert found["pFBA"]["max_abs_sv"]["max"] < 1e-8
    assert found["mean"]["max_abs_sv"]["median"] is None


def test_ours_are_named_and_start_first(store: SampleStore) -> None:
    names = EXPERIMENT.contestants("usual")
    ours = [name for name in names if name.startswith(OURS)]
    assert ours == ["ours, max_uptake", "ours, FluxGNN alone, max_uptake"]
    assert {EXPERIMENT.cost(name) for name in ours} == {1}
    assert {EXPERIMENT.cost(name) for name in names if name not in ours} == {0}
    quick = dataclasses.replace(EXPERIMENT.quick(), kinds=(), by_group="")
    scores = quick.run(ours[1], quick.data(store, 0), 0).scores["groups"]
    assert scores["max_abs_sv"] < 1e-8
