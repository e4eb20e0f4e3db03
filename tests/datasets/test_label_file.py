import copy
import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.label_file import simulate_to_file
from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import FolderError, InputError, TableError
from metagnn.fba import label_chunks, simulate_fluxes
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.files import unfinished_run
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import TableWriter, write_table
from tests.copies_and_threads import assert_copies_are_the_same

pytestmark = pytest.mark.filterwarnings("ignore:.*media are infeasible")


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def media():
    draws = np.random.default_rng(0).uniform(0, [10, 20], (23, 2))
    draws[4] = 0.0
    table = pd.DataFrame(draws, columns=["EX_glc__D_e", "EX_o2_e"])
    table.insert(0, "sample", [f"s{row}" for row in range(23)])
    return table


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(label_chunks, "LARGEST_CHUNK", 10)


@pytest.fixture
def killed(core, media, tmp_path):
    """A run of three chunks that was killed in the last."""

    def kill(done, total):
        if done > 20:
            raise KilledError

    path = tmp_path / "labels.csv"
    with pytest.raises(KilledError):
        simulate_to_file(core, media, "min_norm", path, progress=kill)
    return path


def _solved(monkeypatch):
    rows = []
    solve = LabelSimulator.solve

    def spy(self, uptakes, progress=None, knockouts=None):
        rows.append(len(uptakes))
        return solve(self, uptakes, progress, knockouts)

    monkeypatch.setattr(LabelSimulator, "solve", spy)
    return rows


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_file_holds_what_was_returned_in_the_promised_columns(core, media, tmp_path, ending):
    path = tmp_path / "deep" / f"labels.{ending}"
    calls = []
    solutions = simulate_to_file(core, media, "min_norm", path, progress=lambda *call: calls.append(call))
    table = read_table(path)
    assert list(table.columns) == ["sample", "status", *core.reactions]
    assert table["sample"].tolist() == media["sample"].tolist()
    assert table["status"][4] == "infeasible"
    assert np.array_equal(table[list(core.reactions)].to_numpy(), solutions.read_fluxes().to_numpy(), equal_nan=True)
    assert sorted(file.name for file in path.parent.iterdir()) == [f".{path.name}.run.json", path.name]
    assert calls[-1] == (23, 23)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    whole = simulate_fluxes(core, media)
    assert whole.status.equals(solutions.status)
    fluxes = solutions.read_fluxes()[solutions.feasible].to_numpy()
    assert solutions.max_abs_sv == np.abs(core.stoichiometry.to_scipy() @ fluxes.T).max()
    assert 0 <= solutions.max_bound_violation < 1e-8
    assert np.nanmax(np.abs(whole.fluxes - solutions.read_fluxes())) < 1e-9


def test_a_killed_run_resumes_without_computing_anything_twice(core, media, killed, monkeypatch):
    assert not killed.exists()
    rows = _solved(monkeypatch)
    # The chunks of the first run stay, whatever the second would have taken.
    monkeypatch.setattr(label_chunks, "LARGEST_CHUNK", 5)
    solutions = simulate_to_file(core, media, "min_norm", killed, resume=True)
    assert rows == [3]
    assert np.nanmax(np.abs(simulate_fluxes(core, media).fluxes - solutions.read_fluxes())) < 1e-9
    assert len(read_table(killed)) == 23


def test_lost_and_damaged_chunks_are_computed_again(core, media, killed, monkeypatch):
    side = killed.with_name("labels.csv.partial")
    chunks = sorted(side.glob("*.npz"))
    assert len(chunks) == 2
    chunks[0].unlink()
    chunks[1].write_bytes(chunks[1].read_bytes()[:100])
    rows = _solved(monkeypatch)
    simulate_to_file(core, media, "min_norm", killed, resume=True)
    assert rows == [10, 10, 3]


def test_an_unfinished_run_is_neither_overwritten_nor_mixed_up(core, media, killed):
    with pytest.raises(FolderError, match="unfinished run; use --resume to continue it or --force to start anew"):
        simulate_to_file(core, media, "min_norm", killed)
    with pytest.raises(FolderError, match="begun with method 'min_norm', not 'fba'"):
        simulate_to_file(core, media, "fba", killed, resume=True)
    with pytest.raises(FolderError, match="begun with other media"):
        simulate_to_file(core, media.assign(EX_o2_e=1.0), "min_norm", killed, resume=True)
    with pytest.raises(FolderError, match="begun with other media"):
        simulate_to_file(core, media.assign(sample="x"), "min_norm", killed, resume=True)
    with pytest.raises(FolderError, match="begun with other media"):
        simulate_to_file(core, media.assign(knockout="PGI"), "min_norm", killed, resume=True)
    with pytest.raises(FolderError, match="begun with other network"):
        simulate_to_file(core.knock_out(["PFK"]), media, "min_norm", killed, resume=True)
    (killed.with_name("labels.csv.partial") / "job.json").write_text("{")
    with pytest.raises(FolderError, match=r"damaged: job\.json cannot be read"):
        simulate_to_file(core, media, "min_norm", killed, resume=True)
    assert simulate_to_file(core, media, "fba", killed, force=True).status.equals(simulate_fluxes(core, media).status)


def test_a_finished_file_needs_force(core, media, tmp_path):
    path = tmp_path / "labels.csv"
    simulate_to_file(core, media[:2], "min_norm", path)
    before = path.read_bytes()
    with pytest.raises(FolderError, match="exists; use --force"):
        simulate_to_file(core, media[:3], "min_norm", path)
    with pytest.raises(FolderError, match="is finished, by a run with other media; use --force instead of --resume"):
        simulate_to_file(core, media[:3], "min_norm", path, resume=True)
    assert path.read_bytes() == before
    simulate_to_file(core, media[:3], "min_norm", path, force=True)
    assert len(read_table(path)) == 3


def test_bad_input_leaves_nothing_behind(core, media, tmp_path):
    path = tmp_path / "sub" / "labels.csv"
    with pytest.raises(InputError, match="'norm' is no method"):
        simulate_to_file(core, media, "norm", path)
    with pytest.raises(InputError, match="`jobs` is 0; expected at least 1"):
        simulate_to_file(core, media, "fba", path, jobs=0)
    with pytest.raises(TableError, match="`media` has no rows"):
        simulate_to_file(core, media[:0], "fba", path)
    with pytest.raises(TableError, match="unknown ending"):
        simulate_to_file(core, media, "fba", path.with_suffix(".txt"))
    with pytest.raises(TableError, match="negative"):
        simulate_to_file(core, media.assign(EX_o2_e=-1.0), "fba", path)
    assert list(tmp_path.iterdir()) == []


def test_the_side_folder_knows_its_job(killed, core):
    begun = json.loads((killed.with_name("labels.csv.partial") / "job.json").read_text())
    job, free = begun["job"], begun["free"]
    assert job["network"] == core.fingerprint
    assert (job["method"], free["chunk"]) == ("min_norm", 10)


def test_infeasible_media_are_counted_once(core, media, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        simulate_to_file(core, media, "min_norm", tmp_path / "labels.csv")
    infeasible = read_table(tmp_path / "labels.csv")["status"].eq("infeasible").sum()
    assert infeasible >= 1
    assert [str(w.message) for w in caught if "media are" in str(w.message)] == [
        f"{infeasible} of 23 media are infeasible; their rows are NaN"
    ]


def _stop_after(monkeypatch, writes, what):
    """The disk fails on the write after some."""
    real, done = unfinished_run.replace_file, []

    def replace_file(path, *content):
        if len(done) == writes:
            raise OSError(what, os.strerror(what))
        done.append(path.name)
        real(path, *content)

    monkeypatch.setattr(unfinished_run, "replace_file", replace_file)


def test_a_full_disk_is_named_and_costs_no_finished_chunk(core, media, tmp_path, monkeypatch):
    path = tmp_path / "labels.csv"
    with monkeypatch.context() as full:
        _stop_after(full, 3, errno.ENOSPC)
        with pytest.raises(FolderError, match=r"No space left on device\); finished work is kept, .* --resume"):
            simulate_to_file(core, media, "fba", path)
    assert len(list(tmp_path.glob("*.partial/*.npz"))) == 2
    rows = _solved(monkeypatch)
    simulate_to_file(core, media, "fba", path, resume=True)
    assert rows == [3]
    assert sorted(file.name for file in tmp_path.iterdir()) == [".labels.csv.run.json", "labels.csv"]


def test_a_full_disk_while_the_table_is_written_keeps_all_chunks(core, media, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "labels.csv"
    with monkeypatch.context() as disk:
        disk.setattr(TableWriter, "write", full)
        with pytest.raises(FolderError, match="No space left on device"):
            simulate_to_file(core, media, "fba", path)
    rows = _solved(monkeypatch)
    simulate_to_file(core, media, "fba", path, resume=True)
    assert rows == []


def test_a_folder_without_its_job_holds_nothing_of_value(core, media, tmp_path):
    # Killed between making the folder and naming the job, or while the folder of a finished table was removed.
    path = tmp_path / "labels.csv"
    side = path.with_name("labels.csv.partial")
    side.mkdir()
    (side / "000000000.npz").write_bytes(b"old")
    whole = simulate_to_file(core, media, "fba", path)
    side.mkdir()
    again = simulate_to_file(core, media, "fba", path, resume=True)
    assert again.status.equals(whole.status)
    assert (again.max_abs_sv, again.growing) == (whole.max_abs_sv, whole.growing)
    assert not side.exists()


def _children(pid):
    """Linux says which; elsewhere nothing is checked."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [Path(f"/proc/{child}") for child in listed.read_text().split()] if listed.exists() else []


def _wait_until_gone(processes):
    for _ in range(600):
        if not any(process.exists() for process in processes):
            return
        time.sleep(0.1)
    pytest.fail(f"{processes} outlived the run that started them")


def test_kill_9_of_a_run_with_workers_loses_and_repeats_nothing(core, tmp_path, monkeypatch):
    media, path = uniform_media(E_COLI_CORE_RANGES, 6000, seed=0), tmp_path / "labels.parquet"
    write_table(media, tmp_path / "media.parquet")
    command = f"{sys.executable} -m metagnn simulate e_coli_core --method pfba --jobs 2 --media media.parquet --out"
    process = subprocess.Popen([*command.split(), path.name], cwd=tmp_path, stdout=subprocess.DEVNULL)
    side = path.with_name("labels.parquet.partial")
    while process.poll() is None and len(list(side.glob("*.npz"))) < 2:
        time.sleep(0.005)
    workers = _children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    chunks = {file.name: file.stat().st_mtime_ns for file in side.glob("0*.npz")}
    _wait_until_gone(workers)
    size = json.loads((side / "job.json").read_text())["free"]["chunk"]
    assert 2 <= len(chunks) < 6000 // size
    assert not path.exists()
    rows, kept = _solved(monkeypatch), []

    def look(done, total):
        if not kept:
            kept.append({name: (side / name).stat().st_mtime_ns for name in chunks})

    solutions = simulate_to_file(core, media, "pfba", path, resume=True, progress=look)
    assert kept == [chunks]
    assert sum(rows) == 6000 - size * len(chunks)
    growth = simulate_fluxes(core, media[:400], "pfba").growth
    assert np.nanmax(np.abs(growth - solutions.read_fluxes()[core.growth_reaction][:400])) < 1e-9


def test_copies_are_the_same(core, media, tmp_path):
    assert_copies_are_the_same(simulate_to_file(core, media, "fba", tmp_path / "labels.csv"))


def test_a_written_table_is_shown_in_short_and_its_copies_are_equal(core, media, tmp_path):
    labels = simulate_to_file(core, media, "fba", tmp_path / "labels.csv")
    assert repr(labels) == f"LabelFile('{tmp_path / 'labels.csv'}', 20 of 23 media optimal)"
    for text in ("20 of 23", "media infeasible", "max |S·v|"):
        assert text in labels._repr_html_()
    for other in (copy.deepcopy(labels), pickle.loads(pickle.dumps(labels))):
        assert (other.path, other.max_abs_sv, other.max_bound_violation) == (
            labels.path, labels.max_abs_sv, labels.max_bound_violation,
        )  # fmt: skip
        pd.testing.assert_series_equal(other.status, labels.status)
        pd.testing.assert_frame_equal(other.read_fluxes(), labels.read_fluxes(), check_exact=True)
