"""Count the file events of a process and its workers below a folder, and kill it at one of them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

PATHS = {
    "os.rename": (0, 1), "os.remove": (0,), "os.mkdir": (0,), "os.rmdir": (0,), "os.truncate": (0,), "os.link": (0, 1),
    "os.symlink": (1,), "os.chmod": (0,), "os.utime": (0,), "shutil.move": (0, 1), "shutil.copyfile": (1,),
    "shutil.copytree": (1,), "shutil.rmtree": (0,), "fcntl.flock": (0,), "fcntl.lockf": (0,),
}  # fmt: skip
"""Positions of the paths (or descriptors) among the arguments of an event. Python raises an event before it acts, and
none on writing to an open file: what was written shows at the next event. Libraries in C raise none: safetensors (its
file is complete at the rename that follows), pyarrow (given a file that Python opened)."""

FOLDERS = {"os.remove": (1,), "os.mkdir": (2,), "os.rmdir": (1,), "os.rename": (2, 3), "shutil.rmtree": (1,)}
"""Positions of the descriptors of the folders that relative paths refer to."""

VICTIMS: dict[str, Callable[[int], None]] = {
    "all": lambda main: os.killpg(os.getpgid(main), signal.SIGKILL),
    "main": lambda main: os.kill(main, signal.SIGKILL),
    "worker": lambda main: os.kill(os.getpid(), signal.SIGKILL),
    "SIGTERM": lambda main: os.kill(main, signal.SIGTERM),
    "SIGINT": lambda main: os.killpg(main, signal.SIGINT),
    "SIGHUP": lambda main: os.killpg(main, signal.SIGHUP),
}
"""Who dies at the event: every process of the run, the one that started the workers, or the one that met the event.
Or which signal it gets that it can handle; those of a terminal go to the workers too."""


@dataclass
class FileEvents:
    """The file events below a folder.

    Attributes:
        folder: The folder.
        log: File for one line an event, outside the folder.
        at: The event to die at, counted from 1; None to live.
        torn: Whether half of the file that was written last is lost, as if the kill came while it was written.
        victim: Name of who dies, see `VICTIMS`.
        pause: Delay of every event [s].
    """

    folder: Path
    log: Path
    at: int | None = None
    torn: bool = False
    victim: str = "all"
    pause: float = 0.0
    _count: Any = field(default_factory=lambda: get_context("fork").Value("q"))
    _main: int = 0
    _busy: bool = False
    _opened: tuple[str, int] | None = None

    def watch(self) -> None:
        """Watch this process, and those that it forks, to their end."""
        self._main = os.getpid()
        self._root = os.path.realpath(self.folder)
        sys.addaudithook(self._see)
        # Workers in a fresh interpreter would inherit no open file, and so no lock.
        os.register_at_fork(after_in_child=self._close_inherited)

    def _close_inherited(self) -> None:
        for entry in os.listdir("/proc/self/fd"):
            if _of_descriptor(int(entry)).startswith(self._root):
                os.close(int(entry))

    def lines(self) -> list[str]:
        """The events so far, in words."""
        return [text for _, text in self._logged()]

    def times(self) -> list[float]:
        """When they were."""
        return [float(moment) for moment, _ in self._logged()]

    def _logged(self) -> list[tuple[str, str]]:
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [(line.partition(" ")[0], line.partition(" ")[2]) for line in text.splitlines()]

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._busy or (event != "open" and event not in PATHS):
            return
        if event == "open" and not _writes(arguments):
            return
        self._busy = True
        try:
            touched = [path for path in _paths(event, arguments) if path.startswith(self._root)]
            if touched:
                self._count_one(event, touched)
        finally:
            self._busy = False

    def _count_one(self, event: str, touched: list[str]) -> None:
        with self._count.get_lock():
            self._count.value += 1
            number = self._count.value
        shown = " -> ".join(os.path.relpath(path, self._root) for path in touched)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{time.monotonic()} {event} {shown}\n")
        time.sleep(self.pause)
        if number == self.at:
            if self.torn:
                self._tear(event, touched)
            VICTIMS[self.victim](self._main)
        if event == "open":
            self._opened = (touched[0], _size(touched[0]))

    def _tear(self, event: str, touched: list[str]) -> None:
        path, before = (touched[0], 0) if event == "os.rename" else self._opened or ("", 0)
        if os.path.isfile(path) and _size(path) > before:
            os.truncate(path, (before + _size(path)) // 2)


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & WRITING)


def _paths(event: str, arguments: tuple[Any, ...]) -> list[str]:
    """Absolute paths of an event; links in the last part are not followed."""
    found = []
    for order, position in enumerate(PATHS.get(event, (0,))):
        path = arguments[position] if position < len(arguments) else None
        if hasattr(path, "fileno"):
            path = path.fileno()
        if isinstance(path, int):
            found.append(_of_descriptor(path))
        elif isinstance(path, (str, bytes, os.PathLike)):
            places = FOLDERS.get(event, ())
            where = arguments[places[order]] if order < len(places) and places[order] < len(arguments) else None
            inside = _of_descriptor(where) if isinstance(where, int) and where >= 0 else os.getcwd()
            parent, name = os.path.split(os.path.join(inside, os.fsdecode(path)))
            found.append(os.path.join(os.path.realpath(parent), name))
    return found


def _of_descriptor(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.isfile(path) else 0
