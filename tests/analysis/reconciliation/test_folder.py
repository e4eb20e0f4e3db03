import json

import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.reconciliation import folder as module
from metagnn.analysis.reconciliation.folder import open_rates, reconcile_to_folder
from metagnn.errors import TableError
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
    report, fitted, first = reconcile_to_folder(core, rates, tmp_path / "out", progress=lambda d, t: done.append(d))
    assert done == [100, 200, 250]
    assert report["samples"] == 250
    assert len(first.samples) == 100
    fluxes = pd.read_csv(tmp_path / "out" / "reconciled.csv")
    assert fluxes["sample"].tolist() == list(range(250))
    # Rows repeat every ten: so must their fluxes, wherever a chunk ends.
    values = fluxes.drop(columns=["sample", "status"]).to_numpy()
    assert np.allclose(values[:100], values[100:200], atol=1e-8)
    assert len(pd.read_csv(tmp_path / "out" / "intervals.csv")) == 250 * len(fitted.border.indices)
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report


def test_nothing_is_left_of_a_run_that_fails(core, file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ENTRIES", 1)
    lines = file.read_text().splitlines()
    lines[230] = lines[230].replace("-", "x", 1)
    file.write_text("\n".join(lines) + "\n")
    rates = open_rates(core, file)
    with pytest.raises(TableError, match="is no number"):
        reconcile_to_folder(core, rates, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
