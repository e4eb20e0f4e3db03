"""One writer at a time: a lock that the system itself releases when its process dies."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from metagnn.errors import FolderError

WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)
"""What a file system without locks answers."""

PATIENCE = 5
"""Tries before a lock counts as held: whoever only looks, holds it for less than a millisecond."""

PAUSE = 0.02
"""Seconds between two tries."""

FAR = 1 << 30
"""Windows locks bytes, and forbids reading them: lock one behind all text."""


class RunLock:
    """Who writes to an output: a file, locked while it is open.

    The operating system drops the lock when the process ends, however it ends, so no lock outlives its holder, and
    what a dead one left in the file is ignored. Network file systems (NFS, SMB, CephFS, Lustre with `flock`) pass the
    lock to their server, which drops it when the host is lost; it is trusted for other hosts too. A check of process
    ids would not see those of other hosts, and would take a number that is in use again for its old holder. Where a
    file system has no locks, a file that only one process can create stands in; nobody can tell whether its holder
    lives, so it is never taken over and must be removed by hand.

    Args:
        path: The file of the lock; it exists only while it is held, or after a kill.
        output: What is written, for messages.

    Raises:
        FolderError: On entering: another process holds the lock, or the file cannot be written.
    """

    def __init__(self, path: Path, output: Path) -> None:
        self._path, self._output = path, output
        self._alone = path.with_name(path.name + ".held")
        self._file: int | None = None
        self._standing_in = False

    def __enter__(self) -> RunLock:
        try:
            self._acquire()
        except OSError as error:
            raise FolderError(f"'{self._path}' cannot be written: {error.strerror or error}") from error
        return self

    def _acquire(self) -> None:
        tries = 0
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                held = not self._lock(file)
                # The holder removes the file before it lets go: what was locked may be gone, or another one.
                if not held and self._is_current(file):
                    self._file, file = file, -1
                    self._sign()
                    return
                tries += held
                if tries == PATIENCE:
                    raise FolderError(self._refusal(_read(file)))
            finally:
                if file >= 0:
                    os.close(file)
            time.sleep(PAUSE if held else 0.0)

    def _lock(self, file: int) -> bool:
        try:
            return _lock(file)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
        try:
            os.close(os.open(self._alone, os.O_CREAT | os.O_EXCL, 0o644))
        except FileExistsError:
            return False
        self._standing_in = True
        return True

    def _is_current(self, file: int) -> bool:
        if self._standing_in:
            return True
        try:
            return os.path.samestat(os.fstat(file), os.stat(self._path))
        except FileNotFoundError:
            return False

    def _sign(self) -> None:
        """Say who holds the lock; a full disk must not forbid it."""
        assert self._file is not None
        since = datetime.now(UTC).isoformat(" ", "seconds")
        text = json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": since})
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.write(self._file, text.encode())

    def _refusal(self, holder: dict[str, object]) -> str:
        who = "another process"
        if holder:
            who = f"process {holder.get('process')} on {holder.get('host')} since {holder.get('since')}"
        text = f"'{self._output}' is being written by {who}; wait until it ends, or write to another place"
        if self._alone.exists():
            text += f" (this file system has no locks: if that process is gone, remove '{self._alone}')"
        return text

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        # Removed while it is held, so that nobody else's is; Windows refuses this while another process looks.
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._file)
        self._file = None
        if self._standing_in:
            self._alone.unlink(missing_ok=True)


def refuse_if_held(path: Path, output: Path) -> None:
    """Raise if somebody holds a lock; else leave it as it is.

    Raises:
        FolderError: Naming the holder.
    """
    if path.exists():
        with RunLock(path, output):
            pass


def _read(file: int) -> dict[str, object]:
    try:
        os.lseek(file, 0, os.SEEK_SET)
        holder = json.loads(os.read(file, 4096))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        os.lseek(file, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
