"""A command of metagnn in a forked child of a process that has imported everything: a start costs milliseconds."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MODULES = (
    "metagnn.cli.commands", "metagnn.cli.reconcile_command", "metagnn.training_job", "metagnn.analysis.reconciliation",
    "metagnn.analysis.reconciliation.folder", "metagnn.studies.paper.reproduce", "metagnn.studies.paper.report",
    "metagnn.studies.rivals.registry", "metagnn.plots.canvas", "metagnn.plots.reconciled", "metagnn.datasets.rates",
    "matplotlib.backends.backend_agg", "rich.console", "rich.table", "pyarrow.parquet", "cobra.io",
    "sklearn.linear_model", "tests.faults.commands",
)  # fmt: skip

LIMIT = 60.0
"""Time after which a command hangs [s]."""


def preload() -> None:
    """Import what commands import, and start no thread: a fork takes none along, and waits for their locks forever."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name in MODULES:
        importlib.import_module(name)
    # Collecting garbage in a child would copy all of it.
    gc.freeze()


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        status: Exit status; negative: the signal; None: it hung.
        out: What it wrote on standard output.
        err: What it wrote on standard error.
    """

    status: int | None
    out: str
    err: str


class ForkedCommand:
    """A command in a child of its own session.

    Args:
        arguments: Arguments of the command.
        folder: Folder that it works in, and where its output is collected in `stdout` and `stderr`.
        before: Called in the child before the command, such as what installs a trap.
        streams: File descriptors to use as standard output and standard error in place of the files; -1 for closed.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        before: Callable[[], None] = lambda: None,
        streams: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self._folder = folder
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            self._run(arguments, before, streams)

    def _run(
        self, arguments: Sequence[str], before: Callable[[], None], streams: tuple[int | None, int | None]
    ) -> None:
        """Run the command as a process of its own would, and end."""
        status = 70
        try:
            os.setsid()
            os.chdir(self._folder)
            # What the parent registered is not this command's.
            atexit._clear()
            # A shell starts what runs in its background with interrupts ignored, and a command keeps to that.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number, (given, name) in enumerate(zip(streams, ("stdout", "stderr"), strict=True), start=1):
                _redirect(number, given, self._folder / name)
            before()
            from metagnn.cli.main import main

            status = main(list(arguments))
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:  # noqa: BLE001 - a traceback is what a test looks for
            traceback.print_exc()
        os._exit(_flushed(status))

    def running(self) -> bool:
        """Whether the command still runs."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def send(self, number: int) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def wait(self, limit: float = LIMIT) -> Ended:
        """Wait for the end of the process; its workers may go on."""
        end, pause = time.monotonic() + limit, 0.001
        while self.running() and time.monotonic() < end:
            time.sleep(pause)
            pause = min(0.02, 1.3 * pause)
        hung = self.running()
        if hung:
            os.killpg(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        texts = [
            file.read_text(errors="replace") if file.exists() else ""
            for file in (self._folder / "stdout", self._folder / "stderr")
        ]
        return Ended(None if hung else os.waitstatus_to_exitcode(status), *texts)

    def left(self) -> list[int]:
        """The processes of the command that still run."""
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and self._owns(entry)]

    def _owns(self, process: Path) -> bool:
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        state, session = fields[0], int(fields[3])
        return session == self.pid and state not in "ZX"

    def left_after(self, seconds: float) -> list[int]:
        """The processes that still run after a time, which are then killed."""
        end = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < end:
            time.sleep(0.02)
        for process in left:
            os.kill(process, signal.SIGKILL)
        return left


def run_command(
    arguments: Sequence[str], folder: Path, before: Callable[[], None] = lambda: None, out: str = "", err: str = ""
) -> Ended:
    """Run a command with standard output and error of a kind; to be called in a process without threads.

    Args:
        arguments: Arguments of the command.
        folder: Folder that it works in.
        before: Called in the child before the command.
        out: "closed", "no reader", or a file to write; by default it is collected.
        err: The same of standard error.
    """
    streams = [_descriptor(kind) for kind in (out, err)]
    command = ForkedCommand(arguments, folder, before, (streams[0], streams[1]))
    for descriptor in streams:
        if descriptor is not None and descriptor >= 0:
            os.close(descriptor)
    ended = command.wait()
    command.left_after(0)
    return ended


def _descriptor(kind: str) -> int | None:
    if kind == "no reader":
        reader, writer = os.pipe()
        os.close(reader)
        return writer
    if kind == "closed":
        return -1
    return os.open(kind, os.O_WRONLY) if kind else None


def _redirect(number: int, given: int | None, file: Path) -> None:
    stream = "stdout" if number == 1 else "stderr"
    if given == -1:
        os.close(number)
        # As Python starts without one.
        setattr(sys, stream, None)
        setattr(sys, f"__{stream}__", None)
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if given is None else given
    os.dup2(descriptor, number)
    opened = open(number, "w", encoding="utf-8", buffering=1 if number == 2 else -1, closefd=False)  # noqa: SIM115
    setattr(sys, stream, opened)
    setattr(sys, f"__{stream}__", opened)


def _flushed(status: int) -> int:
    """Flush standard output and error as the end of the interpreter does, which exits with 120 if it fails."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except OSError as error:
            status = 120
            os.write(2, f"Exception ignored in: {stream!r}\n{error!r}\n".encode())
    return status
