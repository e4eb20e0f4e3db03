"""A job in a process of its own, which dies or waits at its n-th file event."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metagnn.datasets.label_file import simulate_to_file
from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.network.from_cobra import load_network
from metagnn.studies.selftest.small_network import small_growth, small_media, small_network

TIMEOUT = 120.0
"""Longest that a child may take [s]."""

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link")
"""Audit events of files; those of paths inside the folder of the job count."""

DIES, WAITS = "dies", "waits"

HELD = "held\n"
"""What a child says when it waits."""

KILLED = getattr(signal, "SIGKILL", signal.SIGTERM)


def simulate_job(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
    """Label media of e_coli_core into `folder/labels.csv`, in several chunks."""
    media = uniform_media(E_COLI_CORE_RANGES, 1100, seed=seed)
    simulate_to_file(
        load_network("e_coli_core"), media, "min_norm", folder / "labels.csv", force, resume, progress=False
    )


def train_job(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
    """Train a small predictor into `folder/predictor`."""
    # Only this job needs torch.
    from metagnn.predictor import FluxPredictor
    from metagnn.predictor_setup import SampleTables
    from metagnn.training.config import TrainingConfig
    from metagnn.training_job import train_to_folder

    media = small_media(20, seed)
    training = TrainingConfig(epochs=6, accelerator="cpu")
    predictor = FluxPredictor(small_network(), seed=seed, training=training, estimate=None)
    tables = SampleTables(media, small_growth(media).to_frame())
    train_to_folder(predictor, tables, folder / "predictor", force, resume, progress=False)


JOBS: dict[str, Callable[..., None]] = {"simulate": simulate_job, "train": train_job}


@dataclass(frozen=True, eq=False)
class Child:
    """A started child.

    Attributes:
        process: The process.
    """

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, job: str, folder: Path, seed: int, event: int = 0, then: str = DIES) -> Child:
        """Start a job that dies or waits before its n-th file event; 0: it does neither, and prints their number."""
        # The child imports what this process would, whatever its working directory and options are.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import run; run(sys.argv[1:])"
        given = [job, os.fspath(folder), str(seed), str(event), then]
        command = [sys.executable, "-c", code, *given]
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, errors="replace"))

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what the child printed.

        Raises:
            ChildProcessError: The child hangs, or failed by itself.
        """
        try:
            printed, errors = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.communicate()
            raise ChildProcessError(f"a child took more than {TIMEOUT:g} s") from late
        status = self.process.returncode
        if status > 0:
            raise ChildProcessError(f"a child ended with {status}: {errors.strip()[-300:]}")
        return status, printed

    def wait_until_held(self) -> None:
        """Return when a child that waits has reached its event.

        Raises:
            ChildProcessError: It ended before.
        """
        if self.process.stdout is None or self.process.stdout.readline() != HELD:
            self.end()
            raise ChildProcessError("a child ended before it was to wait")


def run(arguments: Sequence[str]) -> None:
    """Run a job; the entry of the child."""
    job, folder, seed, event, then = arguments
    events = _Events(Path(folder), int(event), then)
    sys.addaudithook(events)
    JOBS[job](Path(folder), int(seed))
    events.folder = None
    sys.stdout.write(f"{events.seen}\n")


class _Events:
    """An audit hook that counts file events in a folder, and acts at one of them."""

    def __init__(self, folder: Path, event: int, then: str) -> None:
        self.folder: str | None = os.fspath(folder)
        self.seen = 0
        self._event, self._then = event, then

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if self.folder is None or event not in EVENTS or not _within(self.folder, details):
            return
        self.seen += 1
        if self.seen != self._event:
            return
        if self._then == DIES:
            os.kill(os.getpid(), KILLED)
        sys.stdout.write(HELD)
        sys.stdout.flush()
        sys.stdin.readline()


def _within(folder: str, details: tuple[Any, ...]) -> bool:
    return any(isinstance(part, str | bytes | os.PathLike) and os.fsdecode(part).startswith(folder) for part in details)
