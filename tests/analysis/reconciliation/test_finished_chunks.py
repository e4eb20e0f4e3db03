import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.reconciliation.chunk_summary import ChunkSummary
from metagnn.analysis.reconciliation.finished_chunks import FinishedChunks
from metagnn.datasets.rates import RateTable
from metagnn.errors import FolderError
from metagnn.files.unfinished_run import UnfinishedRun

JOB = {"network": "n", "hide": ("EX_a",), "gamma": None}


def rates(first: int, count: int = 3) -> RateTable:
    values = np.arange(first, first + count, dtype=float)[:, None]
    return RateTable(tuple(str(row) for row in range(first, first + count)), ("EX_a",), values, values + 1)


def summary(first: int) -> ChunkSummary:
    return ChunkSummary({"status": {"optimal": 3}}, [], [], np.full((3, 2, 3), first), np.full(3, first), {})


def table(first: int) -> tuple[pd.DataFrame]:
    return (pd.DataFrame({"sample": range(first, first + 3)}),)


def resumed(out) -> UnfinishedRun:
    return UnfinishedRun(out, JOB, folder=True, resume=True)


@pytest.fixture
def begun(tmp_path):
    with UnfinishedRun(tmp_path, JOB, folder=True) as run:
        chunks = FinishedChunks(run, tmp_path, ["a.csv"])
        for first in (0, 3):
            chunks.store(rates(first), table(first), summary(first))
        assert chunks.rows == 6
    return tmp_path


def test_chunks_that_are_finished_are_found_again_and_the_others_follow(begun):
    with resumed(begun) as run:
        chunks = FinishedChunks(run, begun, ["a.csv"])
        assert chunks.load(rates(0)).p_values.tolist() == [0, 0, 0]
        assert chunks.load(rates(3)).p_values.tolist() == [3, 3, 3]
        assert chunks.load(rates(6)) is None
        chunks.store(rates(6), table(6), summary(6))
        chunks.write({"b.json": b"{}"})
        run.finish()
    assert (begun / "a.csv").read_text() == "sample\n" + "".join(f"{row}\n" for row in range(9))
    assert sorted(path.name for path in begun.iterdir()) == ["a.csv", "b.json", "run.json"]


@pytest.mark.parametrize("name", ["000001.npz", "000001.a.csv"])
@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:3] + b"?" + b[4:]])
def test_a_damaged_chunk_is_computed_again(begun, name, damage):
    piece = begun / "unfinished" / name
    piece.write_bytes(damage(piece.read_bytes()))
    with resumed(begun) as run:
        chunks = FinishedChunks(run, begun, ["a.csv"])
        assert chunks.load(rates(0)) is not None
        assert chunks.load(rates(3)) is None


def test_other_rates_are_refused(begun):
    with resumed(begun) as run, pytest.raises(FolderError, match="other rates"):
        FinishedChunks(run, begun, ["a.csv"]).load(rates(4))
