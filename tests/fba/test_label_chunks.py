import dataclasses
import os

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import InputError, NetworkError
from metagnn.fba import METHODS, simulate_fluxes
from metagnn.fba.label_chunks import LabelTask, cut_rows, label_chunks, split_rows
from metagnn.network import MetabolicNetwork

pytestmark = pytest.mark.filterwarnings("ignore:.*media are infeasible")

NAMES = ("EX_glc__D_e", "EX_glu__L_e", "EX_o2_e")


def _uptakes(samples, seed=0):
    return np.random.default_rng(seed).uniform(0, [10, 10, 20], (samples, 3))


def _collect(task, uptakes, chunks, jobs=None):
    fluxes, seen = np.full((len(uptakes), len(task.network.reactions)), -1.0), []
    for chunk in label_chunks(task, uptakes, chunks, jobs):
        fluxes[chunk.rows] = chunk.fluxes
        seen += range(chunk.rows.start, chunk.rows.stop)
        assert len(chunk.status) == len(chunk.fluxes)
    assert sorted(seen) == list(range(len(uptakes)))
    return fluxes


class _Deadly(MetabolicNetwork):
    """A network that kills the worker it is sent to: every one, or only the first."""

    def __reduce__(self):
        return _arrive, (MetabolicNetwork(**_fields(self)), self.__dict__["marker"])


def _deadly(task, marker):
    network = _Deadly(**_fields(task.network))
    network.__dict__["marker"] = marker
    return dataclasses.replace(task, network=network)


def _fields(network):
    return {field.name: getattr(network, field.name) for field in dataclasses.fields(network)}


def _arrive(network, marker):
    if marker is None or not marker.exists():
        if marker is not None:
            marker.touch()
        os._exit(9)
    return network


@given(samples=st.integers(1, 2000), size=st.integers(1, 300), jobs=st.integers(1, 16))
def test_chunks_cover_every_medium_once(samples, size, jobs):
    for chunks in (cut_rows(samples, size), split_rows(samples, jobs)):
        rows = [row for chunk in chunks for row in range(chunk.start, chunk.stop)]
        assert rows == list(range(samples))
    assert len(split_rows(samples, jobs)) >= min(samples, jobs)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 7), method=st.sampled_from(METHODS))
def test_labels_depend_on_no_chunk_size_and_no_order(make_random_network, seed, size, method):
    network = make_random_network(seed)
    uptakes = np.random.default_rng(seed).uniform(0, 10, (12, 2))
    task = LabelTask.create(network, ["EX_0", "EX_1"], method)
    order = np.random.default_rng(seed).permutation(12)
    whole = _collect(task, uptakes, [slice(0, 12)])
    parts = _collect(task, uptakes[order], cut_rows(12, size))
    assert np.array_equal(whole[order], parts, equal_nan=True)


def test_genome_scale_labels_depend_on_no_order(iJO1366):
    uptakes = _uptakes(12)
    task = LabelTask.create(iJO1366, NAMES, "fba")
    forward = _collect(task, uptakes, [slice(0, 12)])
    backward = _collect(task, uptakes[::-1], cut_rows(12, 5))[::-1]
    assert np.array_equal(forward, backward, equal_nan=True)


def test_workers_give_what_one_process_gives_and_report_progress(core):
    media = pd.DataFrame(_uptakes(60), columns=list(NAMES))
    calls = []
    for method in METHODS:
        alone = simulate_fluxes(core, media, method)
        shared = simulate_fluxes(core, media, method, jobs=2, progress=lambda *call: calls.append(call))
        assert shared.status.equals(alone.status)
        assert shared.fluxes.equals(alone.fluxes)
        assert calls[-1] == (60, 60)
        done = [done for done, _ in calls]
        assert done == sorted(set(done))
        calls.clear()


def test_a_worker_that_dies_has_its_chunks_done_again(core, tmp_path):
    uptakes, task = _uptakes(20), LabelTask.create(core, NAMES, "fba")
    deadly = _deadly(task, tmp_path / "died")
    done = {chunk.rows.start: chunk for chunk in label_chunks(deadly, uptakes, cut_rows(20, 5), jobs=2)}
    assert (tmp_path / "died").exists()
    assert sorted(done) == [0, 5, 10, 15]
    alone = _collect(task, uptakes, [slice(0, 20)])
    for chunk in done.values():
        assert np.array_equal(chunk.fluxes, alone[chunk.rows], equal_nan=True)


def test_workers_that_always_die_end_in_one_clear_error(core, monkeypatch):
    monkeypatch.setattr("metagnn.fba.label_chunks.LOST_IN_A_ROW", 1)
    deadly = _deadly(LabelTask.create(core, NAMES, "fba"), None)
    with pytest.raises(ChildProcessError, match=r"died 1 times in a row on 4 of 4 chunks of media; .*fewer jobs"):
        list(label_chunks(deadly, _uptakes(20), cut_rows(20, 5), jobs=2))


def test_the_same_call_runs_on_a_local_dask_cluster(core):
    distributed = pytest.importorskip("distributed", reason="needs the extra `distributed`")
    media = pd.DataFrame(_uptakes(40), columns=list(NAMES))
    alone = simulate_fluxes(core, media)
    # Two threads in one worker: each must have solvers of its own.
    cluster = distributed.LocalCluster(1, threads_per_worker=2, processes=False, dashboard_address=None)
    with cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        shared = simulate_fluxes(core, media)
    assert shared.status.equals(alone.status)
    assert shared.fluxes.equals(alone.fluxes)


def test_bad_tasks_are_refused_before_any_work(core):
    with pytest.raises(InputError, match="'pFBA' is no method; did you mean 'pfba'"):
        LabelTask.create(core, NAMES, "pFBA")
    with pytest.raises(NetworkError, match="objective"):
        LabelTask.create(dataclasses.replace(core, objective={}), NAMES, "fba")
    with pytest.raises(InputError, match="`jobs` is 0; expected at least 1"):
        split_rows(10, 0)
