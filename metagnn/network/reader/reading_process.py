"""Read a model file in a process of its own, so that no file can crash, stop or fill the one that asks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import ModelDraft
from metagnn.network.reader.draft_document import draft_from_document
from metagnn.network.reader.unpacking import PACKED

WAIT_SECONDS = 18.0
"""Longest time to wait for a small file [s]."""

WAIT_PER_MEBIBYTE = 3.0
"""More time for every MiB of a model [s]."""

UNPACKED = 15.0
"""How much more time a packed file has than a plain one of its size."""

_LEAST_SECONDS = 3.0
"""Time that the process has after the answer is asked for, however long ago it began [s]."""

_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from metagnn.network.reader.reading_answer import answer
answer(sys.argv[2])
"""


class ReadingProcess:
    """A process that reads one model file, with limits on memory and time; it begins at once.

    What it answers is JSON; nothing is unpickled. `close` ends it.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        size = path.stat().st_size / (1 << 20) if path.is_file() else 0.0
        size *= UNPACKED if path.suffix.lower() in PACKED else 1.0
        self._seconds = WAIT_SECONDS + WAIT_PER_MEBIBYTE * size
        self._begin = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, *_flags(), "-c", _PROGRAM, json.dumps(_import_paths()), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Threads would reserve memory that the limit counts.
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )

    def draft(self) -> ModelDraft:
        """Wait for the draft.

        Raises:
            NetworkError: The file cannot be read, its reader crashed, or it takes too much time or memory.
        """
        left = max(self._seconds - (time.monotonic() - self._begin), _LEAST_SECONDS)
        try:
            content, _ = self._process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            raise self._refused(f"reading took more than {self._seconds:.0f} s") from None
        finally:
            self.close()
        try:
            answer = json.loads(content)
        except ValueError:
            raise self._crashed() from None
        if "refused" in answer:
            raise self._refused(answer["refused"])
        if "error" in answer:
            raise NetworkError(answer["error"])
        return draft_from_document(answer["draft"])

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def _crashed(self) -> NetworkError:
        status = self._process.returncode
        if status == -getattr(signal, "SIGXCPU", 0):
            return self._refused("reading took too much computing time")
        names = {-number: number.name for number in signal.Signals}
        how = f"its reader crashed ({names.get(status, f'status {status}')})"
        if status == -signal.SIGABRT:
            # What libraries in C++ do when the memory ends.
            return self._refused(f"{how}, out of memory or because it is damaged")
        return NetworkError(f"'{self.path}' cannot be read as a model: {how}; it is damaged or something else")

    def _refused(self, reason: str) -> NetworkError:
        return NetworkError(
            f"'{self.path}' cannot be read as a model: {reason}; `metagnn.load_network` in Python reads without limits"
        )


def _flags() -> list[str]:
    """Isolated, so that neither the folder nor the environment decides what is imported."""
    return ["-I", *(["-B"] if sys.dont_write_bytecode else []), *(["-X", "utf8"] if sys.flags.utf8_mode else [])]


def _import_paths() -> list[str]:
    """Where this process finds packages; isolated Python would leave out what PYTHONPATH and the folder add."""
    own = str(Path(__file__).resolve().parents[3])
    try:
        here = str(Path.cwd())
    except OSError:
        here = own
    paths = [path or here for path in sys.path]
    return paths if own in paths else [*paths, own]
