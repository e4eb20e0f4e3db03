import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.reconciliation.chunk_summary import ChunkSummary
from metagnn.analysis.reconciliation.unfinished_run import UnfinishedRun
from metagnn.datasets.rates import RateTable
from metagnn.errors import FolderError

JOB = {"network": "n", "hide": ("EX_a",), "gamma": None}


def rates(first: int, count: int = 3) -> RateTable:
    values = np.arange(first, first + count, dtype=float)[:, None]
    return RateTable(tuple(str(row) for row in range(first, first + count)), ("EX_a",), values, values + 1)


def summary(first: int) -> ChunkSummary:
    return ChunkSummary({"status": {"optimal": 3}}, [], [], np.full((3, 2, 3), first), np.full(3, first), {})


def table(first: int) -> dict[str, pd.DataFrame]:
    return {"a.csv": pd.DataFrame({"sample": range(first, first + 3)})}


def begun(out) -> UnfinishedRun:
    run = UnfinishedRun(out, JOB)
    for first in (0, 3):
        run.store(rates(first), table(first), summary(first))
    return run


def test_chunks_that_are_finished_are_found_again_and_the_others_follow(tmp_path):
    assert begun(tmp_path).rows == 6
    with (tmp_path / "unfinished" / "a.csv").open("a") as file:
        file.write("half a ro")
    run = UnfinishedRun(tmp_path, JOB, resume=True)
    assert run.rows == 6
    assert run.load(1, rates(3)).p_values.tolist() == [3, 3, 3]
    assert run.load(2, rates(6)) is None
    run.store(rates(6), table(6), summary(6))
    run.finish()
    assert pd.read_csv(tmp_path / "a.csv")["sample"].tolist() == list(range(9))
    assert not (tmp_path / "unfinished").exists()


def test_other_rates_other_settings_and_damage_are_refused(tmp_path):
    begun(tmp_path)
    with pytest.raises(FolderError, match="other settings"):
        UnfinishedRun(tmp_path, JOB | {"gamma": 4.1}, resume=True)
    run = UnfinishedRun(tmp_path, JOB, resume=True)
    with pytest.raises(FolderError, match="other rates"):
        run.load(1, rates(4))
    (tmp_path / "unfinished" / "000001.npz").write_bytes(b"PK nonsense")
    with pytest.raises(FolderError, match=r"damaged: 000001\.npz"):
        run.load(1, rates(3))
    (tmp_path / "unfinished" / "a.csv").write_text("sample\n")
    with pytest.raises(FolderError, match="damaged"):
        UnfinishedRun(tmp_path, JOB, resume=True)


def test_without_resume_it_starts_anew_and_with_nothing_to_resume_says_so(tmp_path):
    begun(tmp_path)
    assert UnfinishedRun(tmp_path, JOB, force=True).rows == 0
    assert UnfinishedRun(tmp_path, JOB, resume=True).rows == 0
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(FolderError, match="nothing to resume"):
        UnfinishedRun(tmp_path, JOB, resume=True)
