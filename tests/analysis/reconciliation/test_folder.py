import json

import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.reconciliation import ReconcileOptions
from metagnn.analysis.reconciliation import folder as module
from metagnn.analysis.reconciliation.folder import open_rates, reconcile_to_folder
from metagnn.errors import FolderError, TableError
from tests.analysis.reconciliation.true_rates import table_of, true_fluxes


@pytest.fixture
def file(core, tmp_path):
    table = table_of(core, true_fluxes(core, 10))
    path = tmp_path / "rates.csv"
    pd.DataFrame(table.rates, columns=list(table.reactions)).iloc[np.arange(250) % 10].to_csv(path, index=False)
    return path


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_long_file_is_read_in_chunks_and_gives_every_row(core, file, tmp_path, monkeypatch, ending):
    if ending == ".parquet":
        table, file = pd.read_csv(file), file.with_suffix(ending)
        table.to_parquet(file, index=False)
    # A hundred rows of a chunk are the fewest.
    monkeypatch.setattr(module, "CHUNK_ENTRIES", 1)
    done = []
    rates = open_rates(core, file)
    assert (len(rates.first.samples), rates.whole) == (100, False)
    report, fitted, first = reconcile_to_folder(core, rates, tmp_path / "out", progress=lambda *call: done.append(call))
    assert [samples for samples, known in done if samples == known] == [100, 200, 250]
    assert done == sorted(done)
    assert report["samples"] == 250
    assert len(first.samples) == 100
    fluxes = pd.read_csv(tmp_path / "out" / "reconciled.csv")
    assert fluxes["sample"].tolist() == list(range(250))
    # Rows repeat every ten: so must their fluxes, wherever a chunk ends.
    values = fluxes.drop(columns=["sample", "status"]).to_numpy()
    assert np.allclose(values[:100], values[100:200], atol=1e-8)
    assert len(pd.read_csv(tmp_path / "out" / "intervals.csv")) == 250 * len(fitted.exchange_laws.indices)
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report


def damaged(file) -> str:
    """The file as it was; row 230 now holds text."""
    content = file.read_text()
    lines = content.splitlines()
    lines[231] = lines[231].replace("-", "x", 1)
    file.write_text("\n".join(lines) + "\n")
    return content


def tables_of(folder) -> list[bytes]:
    return [(folder / name).read_bytes() for name in (*module.TABLES, module.REPORT)]


def test_what_ends_a_run_costs_a_chunk_and_the_rest_goes_on(core, file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ENTRIES", 1)
    options = ReconcileOptions(hide=("EX_co2_e",))
    whole = reconcile_to_folder(core, open_rates(core, file), tmp_path / "whole", options)[0]
    content, out = damaged(file), tmp_path / "out"
    with pytest.raises(TableError, match=r"row 230: .* is no number; 200 finished samples are kept"):
        reconcile_to_folder(core, open_rates(core, file), out, options)
    # A kill in the middle of a write leaves half a row.
    piece = out / "unfinished" / "000002.samples.csv"
    piece.write_bytes(b"200,optim")
    file.write_text(content)
    with pytest.raises(FolderError, match="--resume to continue it"):
        reconcile_to_folder(core, open_rates(core, file), out, options)
    runs = []
    monkeypatch.setattr(module.Reconciler, "run", counted(module.Reconciler.run, runs))
    report, _, first = reconcile_to_folder(core, open_rates(core, file), out, options, resume=True)
    # The first chunk again, for its picture; the second is kept.
    assert runs == [100, 50]
    assert len(first.samples) == 100
    assert report == whole
    assert tables_of(out) == tables_of(tmp_path / "whole")
    assert sorted(path.name for path in out.iterdir()) == sorted((*module.TABLES, module.REPORT, "run.json"))
    with pytest.warns(UserWarning, match="is finished already"):
        assert reconcile_to_folder(core, open_rates(core, file), out, options, resume=True)[0] == whole
    table = pd.read_csv(file)
    table.iloc[150, 0] *= 1.01
    table.to_csv(file, index=False)
    with pytest.raises(FolderError, match="is finished, by a run with other rates"):
        reconcile_to_folder(core, open_rates(core, file), out, options, resume=True)


def test_a_rate_that_only_later_rows_hold_stays_in_its_own_column(core, file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ENTRIES", 1)
    table = pd.read_csv(file)
    table.loc[100:199, "EX_nh4_e"] = np.nan
    table.to_csv(file, index=False)
    reconcile_to_folder(core, open_rates(core, file), tmp_path / "out")
    samples = pd.read_csv(tmp_path / "out" / "samples.csv")
    assert np.array_equal(samples["residual_EX_nh4_e"].isna(), table["EX_nh4_e"].isna())
    assert samples["p_value"].between(0, 1).all()


def counted(run, runs: list[int]):
    def call(self, rates, progress):
        runs.append(len(rates.samples))
        return run(self, rates, progress)

    return call


def test_an_unfinished_run_of_something_else_is_not_continued(core, file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ENTRIES", 1)
    content, out = damaged(file), tmp_path / "out"
    with pytest.raises(TableError, match="--resume"):
        reconcile_to_folder(core, open_rates(core, file), out)
    file.write_text(content)
    with pytest.raises(FolderError, match="begun with energy 'free', not 'keep'"):
        reconcile_to_folder(core, open_rates(core, file), out, ReconcileOptions(energy="keep"), resume=True)
    table = pd.read_csv(file)
    table.iloc[150, 0] *= 1.01
    table.to_csv(file, index=False)
    with pytest.raises(FolderError, match="other rates"):
        reconcile_to_folder(core, open_rates(core, file), out, resume=True)
    assert reconcile_to_folder(core, open_rates(core, file), out, force=True)[0]["samples"] == 250
    assert not (out / "unfinished").exists()


def test_nothing_is_left_of_a_run_that_fails_at_once(core, file, tmp_path, monkeypatch):
    def fail(self, rates, progress):
        raise TableError("no")

    monkeypatch.setattr(module.Reconciler, "run", fail)
    with pytest.raises(TableError, match=r"^no$"):
        reconcile_to_folder(core, open_rates(core, file), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
