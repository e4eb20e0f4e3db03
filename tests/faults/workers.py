"""Run damaged inputs in forked processes, one after another, and say how each ended."""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fuzz_targets import TARGETS, run_guarded, write_files

OUTCOMES = ("ok", "refused", "unclean", "traceback", "signal", "hang", "memory")
"""What can become of an input; all but the first two are failures."""

SECONDS = 20
"""CPU time after which an input counts as a hang; the clock may show three times as much on a busy machine."""

MEMORY = 2 << 30
"""Bytes that an input may take beyond what the process had before it."""


@dataclass(frozen=True)
class Result:
    """How an input ended.

    Attributes:
        seed: What it was made from.
        outcome: One of `OUTCOMES`.
        detail: What there is to see of a failure.
    """

    seed: int
    outcome: str
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether it must not end so."""
        return self.outcome not in ("ok", "refused")


def run_inputs(kind: str, seeds: Sequence[int], shown: bool = False) -> list[Result]:
    """Run inputs in forked processes; one that dies is followed by another, which goes on behind the input.

    Args:
        kind: A key of `TARGETS`.
        seeds: What the inputs are made from.
        shown: Whether the details hold what every input printed.
    """
    results: list[Result] = []
    while len(results) < len(seeds):
        found, ended = _run_child(kind, seeds[len(results) :], shown)
        results += found
        if len(results) < len(seeds):
            died = Result(seeds[len(results)], *_death(ended))
            results.append(_by_command(kind, died))
    return results


def make_input(kind: str, seed: int, folder: Path) -> random.Random:
    """Put an input on the disk; return the generator that goes on to drive its run."""
    rng = random.Random(f"{kind} {seed}")
    write_files(folder, TARGETS[kind].make(rng))
    return rng


def _run_child(kind: str, seeds: Sequence[int], shown: bool) -> tuple[list[Result], int]:
    """Results up to the end or the death of a child process, and how it ended."""
    # A fork copies what is in the buffers, too.
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(kind, seeds, shown, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read().split(b"\0")
    ended = os.waitpid(child, 0)[1]
    results = []
    for line, seed in zip(lines[:-1], seeds, strict=False):
        outcome, _, detail = line.decode("utf-8", "replace").partition("\n")
        results.append(Result(seed, outcome, detail))
    return results, ended


def _work(kind: str, seeds: Sequence[int], shown: bool, pipe: int) -> None:
    """The life of a child process: results go through the pipe; it never returns."""
    silent = os.open(os.devnull, os.O_RDWR)
    # C libraries write past Python.
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + 2 * MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=_fast_folder()))
    code = 0
    try:
        for number, seed in enumerate(seeds):
            outcome, detail = _run_one(kind, seed, folder / str(number), shown)
            os.write(pipe, f"{outcome}\n{detail}".replace("\0", "\\0").encode("utf-8", "backslashreplace") + b"\0")
            shutil.rmtree(folder / str(number), ignore_errors=True)
    except BaseException:  # noqa: BLE001 - a fault of the fuzzer itself must not look like a run that ended
        os.write(pipe, b"unclean\nthe fuzzer itself failed\n" + traceback.format_exc().encode() + b"\0")
        code = 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(code)


def _run_one(kind: str, seed: int, folder: Path, shown: bool) -> tuple[str, str]:
    rng = make_input(kind, seed, folder)
    before = _status("VmRSS")
    _forget_peak()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.alarm(3 * SECONDS)
    with _captured() as (out, err):
        code, raised = run_guarded(TARGETS[kind], folder, rng)
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.alarm(0)
    outcome, detail = _judge(code, raised, out.getvalue(), err.getvalue())
    taken = _status("VmHWM") - before
    if taken > MEMORY:
        return "memory", f"{taken >> 20} MiB"
    return outcome, detail if shown or outcome not in ("ok", "refused") else ""


def _judge(code: int | None, raised: str, out: bytes, err: bytes) -> tuple[str, str]:
    """The outcome of a run that ended by itself, and what it printed."""
    said = err.decode("utf-8", "replace")
    if code is None:
        return ("memory" if raised.startswith("MemoryError") else "traceback"), raised
    lines = said.splitlines()
    errors = [line for line in lines if line.startswith("metagnn: error: ")]
    others = [
        line for line in lines if not line.startswith(("metagnn: error: ", "metagnn: note: ", "metagnn: warning: "))
    ]
    strange = [mark for mark in out.decode("utf-8", "replace") + said if mark != "\n" and _steers(mark)]
    if "Traceback (most recent call last)" in said:
        return "traceback", said
    if others or strange or code not in (0, 1, 2) or (code == 0) != (not errors) or len(errors) > 1:
        return "unclean", f"exit {code}, {strange[:3]!r}\n{said}"
    return ("refused" if code else "ok"), f"exit {code}\n{said}"


def _steers(mark: str) -> bool:
    """Whether a character steers a terminal or breaks a line."""
    return unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _death(status: int) -> tuple[str, str]:
    """Outcome of the input that a process died of."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hung = number in (signal.SIGPROF, signal.SIGALRM, signal.SIGXCPU)
        return "hang" if hung else "signal", signal.Signals(number).name
    return "signal", f"the process left with {os.WEXITSTATUS(status)}"


def _by_command(kind: str, died: Result) -> Result:
    """How an input that killed its process ends in whole commands, which may read it in a child process."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_fast_folder()) as name:
        folder = Path(name)
        make_input(kind, died.seed, folder)
        commands = TARGETS[kind].commands(folder)
        for arguments in commands:
            try:
                ended = subprocess.run(
                    [sys.executable, "-m", "metagnn", *arguments], capture_output=True, timeout=3 * SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return Result(died.seed, "hang", f"{died.detail}, and {arguments[0]} by itself")
            if ended.returncode < 0:
                return Result(died.seed, "signal", f"{died.detail}, and {arguments[0]} by {-ended.returncode}")
            outcome, detail = _judge(ended.returncode, "", ended.stdout, ended.stderr)
            if outcome != "ok":
                return Result(died.seed, outcome, detail)
    return Result(died.seed, "ok") if commands else died


@contextlib.contextmanager
def _captured() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Standard output and error as bytes, encoded as in a terminal: strictly, and with escapes."""
    out, err = io.BytesIO(), io.BytesIO()
    streams = sys.stdout, sys.stderr
    sys.stdout = written = io.TextIOWrapper(out, "utf-8", write_through=True)
    sys.stderr = said = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = streams
        # A wrapper closes what it wraps when it goes.
        written.detach()
        said.detach()


def _status(name: str) -> int:
    """A size of this process [bytes], as Linux counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise KeyError(name)


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _fast_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
