"""The harness on jobs of a few files, in forked children: it must notice every way to lose work."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metagnn.errors import FolderError
from metagnn.studies.selftest import child, interruption
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.child import Child

PIECES = 3


def careful(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
    """Write three pieces, each in one step, then the result; refuse a folder in which another works."""
    if (folder / "lock").exists() and not _left_behind(folder / "lock"):
        raise FolderError("another process writes here")
    (folder / "lock").write_text(str(os.getpid()))
    for piece in range(PIECES):
        if not (folder / f"piece{piece}").exists():
            (folder / "part").write_text(f"{seed} {piece}")
            os.replace(folder / "part", folder / f"piece{piece}")
    (folder / "part").unlink(missing_ok=True)
    (folder / "lock").unlink()


def _left_behind(lock: Path) -> bool:
    try:
        os.kill(int(lock.read_text()), 0)
    except (ProcessLookupError, ValueError):
        return True
    return False


def unlocked(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
    """As `careful`, and anyone may write."""
    (folder / "lock").unlink(missing_ok=True)
    careful(folder, seed + force)


def stubborn(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
    """Never resumes."""
    if resume:
        raise FolderError("an unfinished run")
    careful(folder, seed)


def forgetful(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
    """Gives other bytes when it resumes."""
    careful(folder, seed + resume)


@pytest.fixture
def run_job(monkeypatch: pytest.MonkeyPatch, cases: Cases) -> Callable[..., Cases]:
    """Make both processes use a job."""

    class Forked(subprocess.Popen):
        """A forked process, with what `Child` uses of the base class: it has nothing to import."""

        def __init__(self, given: list[str]) -> None:
            self._read, write = os.pipe()
            release, self._release = os.pipe()
            self.pid = os.fork()
            if self.pid == 0:
                os.dup2(write, 1)
                os.dup2(release, 0)
                os.close(self._release)
                try:
                    child.sys.stdin, child.sys.stdout = os.fdopen(0), os.fdopen(1, "w", closefd=False)
                    child.run(given)
                    child.sys.stdout.flush()
                except BaseException:  # noqa: BLE001
                    # Else the child would go on with the tests.
                    os._exit(1)
                os._exit(0)
            os.close(write)
            os.close(release)
            self.stdout: Any = os.fdopen(self._read)
            self.returncode: int | None = None

        def communicate(self, timeout: float) -> tuple[str, str]:
            os.close(self._release)
            printed = self.stdout.read()
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return printed, ""

        def __del__(self) -> None:
            self.stdout.close()

        def kill(self) -> None:
            if self.returncode is None:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)

    def start(job: str, folder: Path, seed: int, event: int = 0, then: str = child.DIES) -> Child:
        return Child(Forked([job, str(folder), str(seed), str(event), then]))

    def use(job: Callable[..., None]) -> Cases:
        for name in ("simulate", "train"):
            monkeypatch.setitem(child.JOBS, name, job)
        return cases

    monkeypatch.setattr(interruption.Child, "start", start)
    return use


KILLS = (interruption.killed_simulation, interruption.killed_training)


@pytest.mark.parametrize("check", KILLS)
def test_a_run_that_resumes_is_fine(run_job: Callable[..., Cases], check: Callable[[Cases], Any]) -> None:
    assert check(run_job(careful)).measured == 0


@pytest.mark.parametrize("check", KILLS)
@pytest.mark.parametrize("job", [stubborn, forgetful])
def test_lost_work_is_noticed(
    run_job: Callable[..., Cases], check: Callable[[Cases], Any], job: Callable[..., None]
) -> None:
    assert check(run_job(job)).measured > 0


def test_a_second_writer_must_be_refused(run_job: Callable[..., Cases]) -> None:
    assert interruption.second_writer(run_job(careful)).measured == 0


def test_an_accepted_second_writer_is_noticed(run_job: Callable[..., Cases]) -> None:
    assert interruption.second_writer(run_job(unlocked)).measured >= 3


def test_a_child_that_fails_by_itself_is_an_error(run_job: Callable[..., Cases]) -> None:
    def fails(folder: Path, seed: int, force: bool = False, resume: bool = False) -> None:
        os._exit(3)

    with pytest.raises(ChildProcessError, match="ended with 3"):
        interruption.killed_simulation(run_job(fails))
