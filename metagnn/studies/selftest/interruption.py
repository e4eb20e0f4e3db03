"""Checks that a killed run loses nothing, and that a second writer is refused."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from metagnn.errors import FolderError
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement
from metagnn.studies.selftest.child import JOBS, WAITS, Child

MOMENTS = 4
"""Moments of a run at which it is killed."""

AT_ONCE = 2
"""Children that run at once."""


def killed_simulation(cases: Cases) -> Measurement:
    """Count kills of `simulate` after which resuming fails or gives other bytes."""
    return _kill_and_resume(cases, "simulate", cases.count(MOMENTS))


def killed_training(cases: Cases) -> Measurement:
    """Count kills of `train` after which resuming fails or gives another predictor."""
    return _kill_and_resume(cases, "train", MOMENTS // 2)


def second_writer(cases: Cases) -> Measurement:
    """Count ways in which a second `simulate` writes where another runs, or the first one is disturbed."""
    whole, events = _whole("simulate", cases)
    shared = cases.folder / "shared"
    shared.mkdir()
    first, accepted, disturbed = Child.start("simulate", shared, cases.seed, events // 2, WAITS), 0, True
    try:
        first.wait_until_held()
        for options in ({}, {"resume": True}, {"force": True}):
            with contextlib.suppress(FolderError):
                JOBS["simulate"](shared, cases.seed, **options)
                accepted += 1
        # Its input closes: the first goes on.
        with contextlib.suppress(ChildProcessError):
            first.end()
            disturbed = _contents(shared) != _contents(whole)
    finally:
        first.process.kill()
    return Measurement(accepted + disturbed, 0, "second writers accepted, or first disturbed", "3 ways to start")


def _kill_and_resume(cases: Cases, job: str, moments: int) -> Measurement:
    whole, events = _whole(job, cases)
    # The ends of a run, and moments in between that differ with the seed.
    inner = np.random.default_rng([cases.seed, 15]).choice(np.arange(2, events), max(moments - 2, 1), replace=False)
    chosen = sorted({2, events, *inner.tolist()})[-moments:]
    folders = {event: cases.folder / f"{job}_{event}" for event in chosen}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda item: _kill(job, item[1], cases.seed, item[0]), folders.items()))
    wrong = sum(not _resumes(job, folder, whole, cases.seed) for folder in folders.values())
    return Measurement(wrong, 0, "kills that lose or change", f"{len(chosen)} of {events} file events")


def _whole(job: str, cases: Cases) -> tuple[Path, int]:
    """Return the folder of a run that nothing interrupts, and the number of its file events."""
    folder, count = cases.folder / f"{job}_whole", cases.folder / f"{job}_events.txt"
    if not count.exists():
        folder.mkdir()
        _, printed = Child.start(job, folder, cases.seed).end()
        count.write_text(printed, encoding="utf-8")
    return folder, int(count.read_text(encoding="utf-8"))


def _kill(job: str, folder: Path, seed: int, event: int) -> None:
    folder.mkdir()
    status, _ = Child.start(job, folder, seed, event).end()
    if status == 0:
        raise ChildProcessError(f"a child was to die at file event {event} and did not")


def _resumes(job: str, folder: Path, whole: Path, seed: int) -> bool:
    """Whether a killed run resumes and gives the bytes of a whole run."""
    try:
        JOBS[job](folder, seed, resume=True)
    except FolderError:
        return False
    return _contents(folder) == _contents(whole)


def _contents(folder: Path) -> dict[str, bytes]:
    """Return all files by their relative path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
