"""The folder beside a table of labels, which holds finished chunks until all are done."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from metagnn.errors import FolderError
from metagnn.fba.label_chunks import LabelChunk
from metagnn.files.output import replace_file

JOB = "job.json"


@dataclass(frozen=True)
class LabelJob:
    """The run that a folder of chunks belongs to.

    Attributes:
        network: Fingerprint of the network.
        media: Hash of the media.
        method: "min_norm", "pfba" or "fba".
        samples: Number of media.
        chunk: Number of media per chunk.
    """

    network: str
    media: str
    method: str
    samples: int
    chunk: int


class LabelFolder:
    """`PATH.partial`: one file per finished chunk, and `job.json`, which describes the run.

    `job.json` is written before the first chunk and removed before the chunks, so a folder without it can be discarded.

    Args:
        path: The table that the chunks will form.
        job: The run.
        force: Discard an unfinished run, unless `resume` is set too.
        resume: Continue an unfinished run.

    Attributes:
        job: The run, with the chunk size of an unfinished run.

    Raises:
        FolderError: A run is unfinished and neither `force` nor `resume` is set; `resume` finds nothing to
            continue, or a run of another network, media or method; or the folder cannot be written.
    """

    def __init__(self, path: Path, job: LabelJob, force: bool = False, resume: bool = False) -> None:
        self._path = path.with_name(path.name + ".partial")
        if (force and not resume) or not (self._path / JOB).exists():
            self.remove()
        if not self._path.exists():
            if path.exists() and resume and not force:
                raise FolderError(f"'{path}' is finished; use --force instead of --resume to compute it again")
            self.job = job
            self._write(JOB, json.dumps(asdict(job), indent=1).encode())
        elif resume:
            self.job = self._begun(job)
        else:
            raise FolderError(
                f"'{self._path}' holds an unfinished run; use --resume to continue it or --force to start anew"
            )

    def _begun(self, job: LabelJob) -> LabelJob:
        try:
            begun = LabelJob(**json.loads((self._path / JOB).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise FolderError(f"'{self._path}' is damaged: {JOB} cannot be read; use --force to start anew") from error
        wrong = {
            "another network": begun.network != job.network,
            "other media": (begun.media, begun.samples) != (job.media, job.samples),
            f"{begun.method!r}, not {job.method!r}": begun.method != job.method,
        }
        for what in (text for text, differs in wrong.items() if differs):
            raise FolderError(f"'{self._path}' was begun with {what}; use --force to start anew")
        return begun

    def load(self, rows: slice) -> LabelChunk | None:
        """Read a finished chunk; None if it is missing or damaged."""
        try:
            with np.load(self._path / _file(rows), allow_pickle=False) as stored:
                chunk = LabelChunk(rows, stored["fluxes"], [str(text) for text in stored["status"]])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            return None
        return chunk if len(chunk.fluxes) == len(chunk.status) == rows.stop - rows.start else None

    def store(self, chunk: LabelChunk) -> None:
        """Write a finished chunk in one step.

        Raises:
            FolderError: The disk is full, or the folder cannot be written.
        """
        buffer = io.BytesIO()
        np.savez(buffer, fluxes=chunk.fluxes, status=np.array(chunk.status))
        self._write(_file(chunk.rows), buffer.getvalue())

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._path.mkdir(exist_ok=True)
            replace_file(self._path / name, content)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def remove(self) -> None:
        """Remove the folder and all chunks."""
        (self._path / JOB).unlink(missing_ok=True)
        shutil.rmtree(self._path, ignore_errors=True)


def unwritable(path: Path, error: OSError) -> FolderError:
    """Return the error for a full disk or a lost folder; it suggests --resume."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return FolderError(f"'{path}' cannot be written ({reason}); finished chunks are kept, continue with --resume")


def _file(rows: slice) -> str:
    return f"{rows.start:09d}.npz"
