import json
import warnings

import numpy as np
import pandas as pd
import pytest

from metagnn.datasets.label_file import simulate_to_file
from metagnn.datasets.tables import read_table
from metagnn.errors import FolderError, InputError, TableError
from metagnn.fba import FluxSimulator, simulate_fluxes

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


@pytest.fixture
def killed(core, media, tmp_path):
    """A run of three chunks that was killed in the last."""

    def kill(done, total):
        if done > 20:
            raise KilledError

    path = tmp_path / "labels.csv"
    with pytest.raises(KilledError):
        simulate_to_file(core, media, "min_norm", path, chunk=10, progress=kill)
    return path


def _solved(monkeypatch):
    rows = []
    solve = FluxSimulator.solve

    def spy(self, uptakes, progress=None):
        rows.append(len(uptakes))
        return solve(self, uptakes, progress)

    monkeypatch.setattr(FluxSimulator, "solve", spy)
    return rows


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_file_holds_what_was_returned_in_the_promised_columns(core, media, tmp_path, ending):
    path = tmp_path / "deep" / f"labels.{ending}"
    calls = []
    solutions = simulate_to_file(core, media, "min_norm", path, chunk=7, progress=lambda *call: calls.append(call))
    table = read_table(path)
    assert list(table.columns) == ["sample", "status", *core.reactions]
    assert table["sample"].tolist() == media["sample"].tolist()
    assert table["status"][4] == "infeasible"
    assert np.array_equal(table[list(core.reactions)].to_numpy(), solutions.fluxes.to_numpy(), equal_nan=True)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert calls[-1] == (23, 23)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    whole = simulate_fluxes(core, media)
    assert whole.status.equals(solutions.status)
    assert np.nanmax(np.abs(whole.fluxes - solutions.fluxes)) < 1e-9


def test_a_killed_run_resumes_without_computing_anything_twice(core, media, killed, monkeypatch):
    assert not killed.exists()
    rows = _solved(monkeypatch)
    # The chunk size of the first run stays, whatever the second asks for.
    solutions = simulate_to_file(core, media, "min_norm", killed, resume=True, chunk=5)
    assert rows == [3]
    assert np.nanmax(np.abs(simulate_fluxes(core, media).fluxes - solutions.fluxes)) < 1e-9
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
    with pytest.raises(FolderError, match="begun with 'min_norm', not 'fba'"):
        simulate_to_file(core, media, "fba", killed, resume=True)
    with pytest.raises(FolderError, match="begun with other media"):
        simulate_to_file(core, media.assign(EX_o2_e=1.0), "min_norm", killed, resume=True)
    with pytest.raises(FolderError, match="begun with other media"):
        simulate_to_file(core, media.assign(sample="x"), "min_norm", killed, resume=True)
    with pytest.raises(FolderError, match="begun with another network"):
        simulate_to_file(core.knock_out(["PFK"]), media, "min_norm", killed, resume=True)
    (killed.with_name("labels.csv.partial") / "job.json").write_text("{")
    with pytest.raises(FolderError, match=r"damaged: job\.json cannot be read"):
        simulate_to_file(core, media, "min_norm", killed, resume=True)
    assert simulate_to_file(core, media, "fba", killed, force=True).method == "fba"


def test_a_finished_file_needs_force(core, media, tmp_path):
    path = tmp_path / "labels.csv"
    simulate_to_file(core, media[:2], "min_norm", path)
    before = path.read_bytes()
    with pytest.raises(FolderError, match="exists; use --force"):
        simulate_to_file(core, media[:3], "min_norm", path)
    with pytest.raises(FolderError, match="is finished, there is nothing to resume"):
        simulate_to_file(core, media[:3], "min_norm", path, resume=True)
    assert path.read_bytes() == before
    simulate_to_file(core, media[:3], "min_norm", path, force=True)
    assert len(read_table(path)) == 3


def test_bad_input_leaves_nothing_behind(core, media, tmp_path):
    path = tmp_path / "sub" / "labels.csv"
    with pytest.raises(InputError, match="'norm' is no method"):
        simulate_to_file(core, media, "norm", path)
    with pytest.raises(InputError, match="`chunk` is 0"):
        simulate_to_file(core, media, "fba", path, chunk=0)
    with pytest.raises(TableError, match="unknown ending"):
        simulate_to_file(core, media, "fba", path.with_suffix(".txt"))
    with pytest.raises(TableError, match="negative"):
        simulate_to_file(core, media.assign(EX_o2_e=-1.0), "fba", path)
    assert list(tmp_path.iterdir()) == []


def test_the_side_folder_knows_its_job(killed, core):
    job = json.loads((killed.with_name("labels.csv.partial") / "job.json").read_text())
    assert job["network"] == core.fingerprint
    assert (job["method"], job["samples"], job["chunk"]) == ("min_norm", 23, 10)


def test_infeasible_media_are_counted_once(core, media, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        simulate_to_file(core, media, "min_norm", tmp_path / "labels.csv", chunk=5)
    infeasible = read_table(tmp_path / "labels.csv")["status"].eq("infeasible").sum()
    assert infeasible >= 1
    assert [str(w.message) for w in caught if "media are" in str(w.message)] == [
        f"{infeasible} of 23 media are infeasible; their rows are NaN"
    ]
