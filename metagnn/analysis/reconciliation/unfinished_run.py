"""Write a reconciliation chunk by chunk; an interrupted run loses at most one chunk."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.analysis.reconciliation.chunk_summary import ChunkSummary
from metagnn.datasets.rates import RateTable
from metagnn.errors import FolderError
from metagnn.files.output import replace_file
from metagnn.files.table_writer import append_rows

RECORD = "chunks.json"


class UnfinishedRun:
    """`OUT/unfinished`: the tables so far, the summary of every chunk, and a record of the finished chunks.

    The record is written last. Rows that an interrupted run wrote after it are cut off on resuming.

    Args:
        out: The folder of the results.
        job: Network and settings; `resume` refuses another one.
        force: Discard an unfinished run, unless `resume` is set too.
        resume: Continue an unfinished run.

    Raises:
        FolderError: `resume` finds a finished run, one of another network or other settings, or a damaged one.
    """

    def __init__(self, out: Path, job: Mapping[str, Any], force: bool = False, resume: bool = False) -> None:
        self._out, self._path = out, out / "unfinished"
        # Through JSON, so that tuples compare equal to the lists they are read back as.
        self._job = json.loads(json.dumps(job))
        self._chunks: list[dict[str, Any]] = []
        if resume and (self._path / RECORD).exists():
            self._chunks = self._begun()
        elif resume and not force and any(out.iterdir()):
            raise FolderError(f"'{out}' holds no unfinished run, there is nothing to resume; use --force to start anew")
        else:
            shutil.rmtree(self._path, ignore_errors=True)

    def _begun(self) -> list[dict[str, Any]]:
        try:
            record = json.loads((self._path / RECORD).read_text(encoding="utf-8"))
            job, chunks = record["job"], list(record["chunks"])
            for name, size in (chunks[-1]["sizes"] if chunks else {}).items():
                with (self._path / name).open("r+b") as table:
                    if table.seek(0, 2) < size:
                        raise ValueError(name)
                    table.truncate(size)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FolderError(f"'{self._path}' is damaged; use --force to start anew") from error
        if job != self._job:
            raise FolderError(f"'{self._path}' was begun with another network or other settings; use --force instead")
        return chunks

    @property
    def rows(self) -> int:
        """Number of finished samples."""
        return sum(chunk["rows"] for chunk in self._chunks)

    def load(self, number: int, rates: RateTable) -> ChunkSummary | None:
        """Load the summary of a finished chunk; None if it has yet to be computed.

        Args:
            number: Position of the chunk.
            rates: Its samples.

        Raises:
            FolderError: The chunk holds other samples, or is damaged.
        """
        if number >= len(self._chunks):
            return None
        if self._chunks[number]["digest"] != _digest(rates):
            raise FolderError(f"'{self._path}' was begun with other rates; use --force to start anew")
        try:
            return ChunkSummary.from_bytes((self._path / _file(number)).read_bytes())
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise FolderError(f"'{self._path}' is damaged: {_file(number)}; use --force to start anew") from error

    def store(self, rates: RateTable, tables: Mapping[str, pd.DataFrame], summary: ChunkSummary) -> None:
        """Append a chunk.

        Args:
            rates: Its samples.
            tables: Its rows of every table, by the name of the file.
            summary: Its summary for the report.
        """
        self._path.mkdir(exist_ok=True)
        number, sizes = len(self._chunks), {}
        for name, table in tables.items():
            path = self._path / name
            if not number:
                path.unlink(missing_ok=True)
            append_rows(table, path)
            sizes[name] = path.stat().st_size
        replace_file(self._path / _file(number), summary.to_bytes())
        self._chunks.append({"rows": len(rates.samples), "digest": _digest(rates), "sizes": sizes})
        record = {"job": self._job, "chunks": self._chunks}
        replace_file(self._path / RECORD, json.dumps(record, indent=1).encode())

    def finish(self) -> None:
        """Move the tables to the output folder and remove this one."""
        for name in self._chunks[-1]["sizes"]:
            (self._path / name).replace(self._out / name)
        shutil.rmtree(self._path)


def _digest(rates: RateTable) -> str:
    digest = hashlib.sha256(json.dumps([rates.samples, rates.reactions]).encode())
    for array in (rates.rates, rates.deviations):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _file(number: int) -> str:
    return f"{number:06d}.npz"
