"""A run that can be interrupted at any moment and continued: its lock, its finished pieces, its end in one step."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from metagnn.errors import FolderError
from metagnn.files.output import WORK, beside, check_output, followed, is_passing, lock_of, replace_file
from metagnn.files.run_lock import RunLock
from metagnn.files.sealed import checksum, read_sealed, sealed

JOB, END, RESULT = "job.json", "end.json", "result"
"""In the folder of an unfinished run: what it computes; the files of its result, once all are whole; these files."""

RECORD = "run.json"
"""What a finished run leaves in its folder, or as `.NAME.run.json` beside its file: the job, and all checksums."""

DIGEST = 32
"""Bytes of the checksum behind a piece."""


class UnfinishedRun:
    """A run on one output, a file or a folder; only one process can be in it.

    While it is unfinished, `OUT/unfinished`, or `NAME.partial` beside a file, holds the job and one file a piece, each
    written in one step and with a checksum that also covers the job and the name: a damaged piece, or one of another
    job, counts as missing. The result is built whole in there. `end.json`, the list of its files, is the commit: a run
    killed before it continues from its pieces, one killed after it only moves the rest of the files, which every later
    run does first. So the old result stays until the new one is whole, and no file of the old survives it. Pieces are
    not forced to the disk, because a loss of power that damages them costs their work only; results are, before
    their pieces go.

    Use it as a context; nothing is read or written before. What was interrupted keeps its pieces.

    Args:
        out: The output. A link is followed.
        job: All that the result depends on, by name, in what JSON can hold; another job is refused in these names.
        folder: Whether the output is a folder.
        force: Replace a result, and discard an unfinished run; with `resume` only what cannot be continued.
        resume: Continue an unfinished run, recognise a finished one, or begin if there is neither.
        free: What may differ on resuming, such as the size of pieces: that of the unfinished run is kept.

    Attributes:
        finished: Whether the result is there.
        free: See above.
        note: What `finish` was told, of a finished run.

    Raises:
        FolderError: On entering: another process writes here; the output exists, and nothing allows to replace it;
            the run is of another job or damaged; or the output cannot be written.
    """

    def __init__(
        self,
        out: str | Path,
        job: Mapping[str, Any],
        *,
        folder: bool,
        force: bool = False,
        resume: bool = False,
        free: Mapping[str, Any] | None = None,
    ) -> None:
        place, name = followed(out), followed(out).name
        self._shown, self._out, self._folder = Path(out), place, folder
        self._force, self._resume = force, resume
        self._home = place if folder else place.parent
        self._work = place / WORK if folder else place.with_name(f"{name}.partial")
        self._record = place / RECORD if folder else place.with_name(f".{name}.{RECORD}")
        # Through JSON, so that tuples compare equal to the lists they are read back as.
        self._job: dict[str, Any] = json.loads(json.dumps(job))
        self._key = hashlib.sha256(json.dumps(self._job, sort_keys=True).encode()).digest()
        self._lock = RunLock(lock_of(place, folder), self._shown)
        self._made = self._opened = self._emptied = False
        self.finished, self.free, self.note = False, dict(free or {}), dict[str, Any]()

    def __enter__(self) -> UnfinishedRun:
        self._made = self._folder and not self._out.exists()
        check_output(self._shown, force=True, folder=self._folder)
        self._lock.__enter__()
        try:
            with self.writing():
                self._sweep()
                self._move_result()
                self._begin()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.__exit__(kind, error, trace)
        if self._made and kind is not None:
            # Bad input leaves no folder behind.
            with contextlib.suppress(OSError):
                self._out.rmdir()

    def _sweep(self) -> None:
        """Remove what a dead process was writing or removing: nobody else writes here while the lock is held."""
        ours = re.compile(rf"\.{{1,2}}{re.escape(self._out.name)}(\.partial|\.{re.escape(RECORD)})?\.\d+\.tmp")
        for name in os.listdir(self._home):
            if (is_passing(name) and name.endswith(".tmp")) if self._folder else ours.fullmatch(name):
                _remove(self._home / name)

    def _begin(self) -> None:
        """Decide what to do with what is there."""
        begun = self._begun()
        if begun is not None:
            wrong = self._differences(begun["job"])
            if self._resume and not wrong:
                self.free, self._opened = begun["free"], True
                return
            if not self._force:
                how = f"was begun with {wrong}" if self._resume else "holds an unfinished run"
                go_on = "" if self._resume else "--resume to continue it or "
                raise FolderError(f"'{self._shown_work}' {how}; use {go_on}--force to start anew")
        self.discard()
        if not self._is_filled():
            return
        if self._resume:
            wrong = self._look_at_result()
            if self.finished:
                warnings.warn(f"'{self._shown}' is finished already; use --force to compute it again", stacklevel=4)
                return
            if not self._force:
                raise FolderError(f"'{self._shown}' {wrong}; use --force instead of --resume to compute it again")
        elif not self._force:
            raise FolderError(f"'{self._shown}' exists; use --force to replace it or --resume to continue it")

    def _begun(self) -> dict[str, Any] | None:
        """The unfinished run; None if there is none of value."""
        path = self._work / JOB
        if not path.exists():
            return None
        begun = read_sealed(path)
        if begun is None and not self._force:
            raise FolderError(f"'{self._shown_work}' is damaged: {JOB} cannot be read; use --force to start anew")
        return begun

    def _look_at_result(self) -> str:
        """Whether it is that of this job, and as it was written; else why not."""
        record = read_sealed(self._record)
        if record is None:
            return "holds no unfinished run, and does not say which run made it"
        wrong = self._differences(record["job"])
        if wrong:
            return f"is finished, by a run with {wrong}"
        changed = [name for name, digest in record["files"].items() if not _intact(self._target(name), digest)]
        if changed:
            return f"is finished, but '{changed[0]}' was changed since"
        self.finished, self.note = True, record["note"]
        return ""

    def _differences(self, job: Mapping[str, Any]) -> str:
        names = [name for name in {**job, **self._job} if job.get(name) != self._job.get(name)]
        texts = []
        for name in names:
            old, new = job.get(name), self._job.get(name)
            short = all(isinstance(value, str | int | float | None) and len(str(value)) < 40 for value in (old, new))
            texts.append(f"{name} {old!r}, not {new!r}" if short else f"other {name}")
        return "; ".join(texts)

    def _is_filled(self) -> bool:
        if not self._folder:
            return self._out.exists()
        return any(not is_passing(name) for name in os.listdir(self._out))

    @property
    def _shown_work(self) -> Path:
        if self._folder:
            return self._shown / WORK
        return self._work if self._shown.is_symlink() else self._shown.with_name(self._work.name)

    def _target(self, name: str) -> Path:
        """Where a file of the result belongs; a file that is a link may have another name there."""
        return self._home / name if self._folder else self._out

    @property
    def work(self) -> Path:
        """Folder of the unfinished run, which is made and named on disk; for what writes its own pieces.

        Raises:
            FolderError: It cannot be written.
        """
        if not self._opened:
            with self.writing():
                self._work.mkdir(exist_ok=True)
                replace_file(self._work / JOB, sealed({"job": self._job, "free": self.free}))
                self._opened = True
        return self._work

    @property
    def result(self) -> Path:
        """Folder to write the result in, empty at first: the one file, or all files of a folder.

        Raises:
            FolderError: It cannot be written.
        """
        place = self.work / RESULT
        if not self._emptied:
            with self.writing():
                # What an earlier end left behind is not known to be whole.
                _remove(place)
                place.mkdir()
                self._emptied = True
        return place

    def load(self, name: str) -> bytes | None:
        """A finished piece; None if it is missing or damaged."""
        try:
            stored = (self._work / name).read_bytes()
        except OSError:
            return None
        content, digest = stored[:-DIGEST], stored[-DIGEST:]
        return content if digest == self._digest(name, content) else None

    def store(self, name: str, content: bytes) -> None:
        """Write a finished piece in one step.

        Raises:
            FolderError: The disk is full, or the folder cannot be written.
        """
        path = self.work / name
        with self.writing():
            replace_file(path, content, self._digest(name, content))

    def _digest(self, name: str, content: bytes) -> bytes:
        digest = hashlib.sha256(self._key + name.encode() + b"\0")
        digest.update(content)
        return digest.digest()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn what a full disk or a lost folder raises into one line that says how to go on.

        Raises:
            FolderError: Naming the path and the cause.
        """
        try:
            yield
        except ChildProcessError:
            # Python counts it among the errors of the system.
            raise
        except (OSError, FolderError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            path = self._shown_work if self._opened else self._shown
            if cause.filename and not followed(os.fsdecode(cause.filename)).is_relative_to(self._home):
                # Such as a full folder for temporary files.
                path = Path(os.fsdecode(cause.filename))
            reason = os.strerror(cause.errno) if cause.errno else str(cause)
            if self._opened and not self._work.is_dir():
                raise FolderError(
                    f"'{path}' was removed while the run wrote to it ({reason}); start it anew"
                ) from error
            raise FolderError(
                f"'{path}' cannot be written ({reason}); finished work is kept, continue with --resume"
            ) from error

    def finish(self, note: Mapping[str, Any] | None = None, clocked: Collection[str] = ()) -> None:
        """Put the result in its place, in one step, and remove all pieces.

        Args:
            note: What a later command wants to know of the finished run.
            clocked: Files that hold measured times, by name: no two runs write the same ones, so their checksum is
                not recorded.

        Raises:
            FolderError: The disk is full, or the folder cannot be written.
        """
        with self.writing():
            staged = sorted(path for path in self.result.rglob("*") if path.is_file())
            names = {path.relative_to(self.result).as_posix(): path for path in staged}
            sums = {name: checksum(path, to_disk=True) for name, path in names.items()}
            files = {name: None if name in clocked else digest for name, digest in sums.items()}
            end = {"job": self._job, "files": files, "note": dict(note or {})}
            replace_file(self._work / END, sealed(end))
            self._move_result()
        self.finished, self.note = True, dict(note or {})

    def _move_result(self) -> None:
        """Move a whole result to its place; a kill in here is made good by calling it again."""
        end = read_sealed(self._work / END)
        if end is None:
            return
        for name, digest in end["files"].items():
            staged, target = self._work / RESULT / name, self._target(name)
            if _intact(staged, digest):
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(staged, target)
            elif not _intact(target, digest):
                # The pieces make it again.
                (self._work / END).unlink()
                return
        self._remove_old(end["files"])
        replace_file(self._record, sealed(end))
        self.discard()

    def _remove_old(self, kept: Collection[str]) -> None:
        """Remove the files of the result before this one that this one has not."""
        old = read_sealed(self._record)
        for name in old["files"] if old and self._folder else ():
            path = self._home / name
            if name not in kept and followed(path).is_relative_to(self._home):
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    path.parent.rmdir()

    def discard(self) -> None:
        """Forget the unfinished run: its folder loses its name in one step, then its files go."""
        self._opened = self._emptied = False
        if self._work.exists():
            passing = beside(self._work)
            _remove(passing)
            os.rename(self._work, passing)
            _remove(passing)


def _intact(path: Path, digest: str | None) -> bool:
    return path.is_file() and digest in (None, checksum(path))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
