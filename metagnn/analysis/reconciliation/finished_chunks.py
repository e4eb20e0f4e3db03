"""The finished chunks of a reconciliation: rows of its tables and a summary each, until all are done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from metagnn.analysis.reconciliation.chunk_summary import ChunkSummary
from metagnn.datasets.rates import RateTable
from metagnn.errors import FolderError
from metagnn.files.table_writer import text_of_rows
from metagnn.files.unfinished_run import UnfinishedRun


class FinishedChunks:
    """Pieces of an unfinished run: `NUMBER.TABLE` for the rows of every table, then `NUMBER.npz` for the summary.

    Args:
        run: The run.
        out: Its folder, for messages.
        tables: Files of the tables, such as "samples.csv".
    """

    def __init__(self, run: UnfinishedRun, out: Path, tables: Sequence[str]) -> None:
        self._run, self._out, self._tables = run, out, tables
        self.digests: list[str] = []
        self.rows = 0

    def load(self, rates: RateTable) -> ChunkSummary | None:
        """Load the summary of the next chunk; None if it, or rows of it, are missing or damaged.

        Args:
            rates: Its samples.

        Raises:
            FolderError: The chunk holds other samples.
        """
        number, digest = len(self.digests), rates_digest(rates)
        content = self._run.load(_summary(number))
        if content is None:
            return None
        if content[: len(digest)] != digest.encode():
            raise FolderError(f"'{self._out}' was begun with other rates; use --force to start anew")
        if any(self._run.load(_rows(number, name)) is None for name in self._tables):
            return None
        self._count(rates, digest)
        return ChunkSummary.from_bytes(content[len(digest) :])

    def store(self, rates: RateTable, tables: Sequence[pd.DataFrame], summary: ChunkSummary) -> None:
        """Keep the next chunk.

        Args:
            rates: Its samples.
            tables: Its rows of every table.
            summary: Its summary for the report.

        Raises:
            FolderError: The disk is full, or the folder cannot be written.
        """
        number, digest = len(self.digests), rates_digest(rates)
        for name, table in zip(self._tables, tables, strict=True):
            self._run.store(_rows(number, name), text_of_rows(table, Path(name), header=not number))
        # The summary last: it marks the chunk as complete.
        self._run.store(_summary(number), digest.encode() + summary.to_bytes())
        self._count(rates, digest)

    def _count(self, rates: RateTable, digest: str) -> None:
        self.digests.append(digest)
        self.rows += len(rates.samples)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write the tables of all chunks, and further files, into the result of the run.

        Raises:
            FolderError: The disk is full, the folder cannot be written, or a chunk was lost since it was computed.
        """
        with self._run.writing():
            for name in self._tables:
                with (self._run.result / name).open("wb") as file:
                    for number in range(len(self.digests)):
                        content = self._run.load(_rows(number, name))
                        if content is None:
                            raise FolderError(f"'{self._out}' lacks a chunk; continue with --resume")
                        file.write(content)
            for name, content in files.items():
                (self._run.result / name).write_bytes(content)


def rates_digest(rates: RateTable) -> str:
    """A checksum of all that rates hold, in hex."""
    labels = {name: list(texts) for name, texts in rates.labels.items()}
    digest = hashlib.sha256(json.dumps([rates.samples, rates.reactions, labels], default=str).encode())
    for array in (rates.rates, rates.deviations):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _summary(number: int) -> str:
    return f"{number:06d}.npz"


def _rows(number: int, table: str) -> str:
    return f"{number:06d}.{table}"
