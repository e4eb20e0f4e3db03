"""A toy run in processes of its own: killed at every file event, raced, starved of disk.

Run as a program, `python -m tests.files.toy_run LAW FOLDER`, because forking a process that holds torch is slow.
"""

import json
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from pathlib import Path

from metagnn.errors import FolderError
from metagnn.files.unfinished_run import UnfinishedRun

JOB = {"network": "n", "media": [1.5, "x"], "method": "fba"}
PIECES = ("0", "1", "2")


def piece_of(name: str) -> bytes:
    return f"piece {name}\n".encode() * 7


def compute(out: Path, folder: bool, job=JOB, names=("a.csv", "runs/b.json"), **how) -> list[str]:
    """A run of three pieces, whose result is made of them and of its job; which pieces it computed."""
    computed = []
    with UnfinishedRun(out, job, folder=folder, **how) as run:
        if run.finished:
            return ["finished"]
        for name in PIECES:
            if run.load(name) is None:
                computed.append(name)
                run.store(name, piece_of(name))
        with run.writing():
            for name in names if folder else (out.name,):
                target = run.result / name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(b"".join(run.load(piece) for piece in PIECES) + json.dumps(job).encode())
        run.finish({"pieces": len(PIECES)})
    return computed


def tree(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


WRITES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree", "open")


def killed_at(event: int, work) -> bool:
    """Do work in a child that dies at its n-th file event; whether it came to that."""
    child = os.fork()
    if child == 0:
        left = [event]

        def count(name, arguments):
            if name in WRITES and str(arguments[0]).startswith(os.getcwd()):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        try:
            sys.addaudithook(count)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


def settled(place: Path) -> dict[str, bytes]:
    """What is there of results: no locks, nothing that a dead process was writing or removing."""
    passing = (".lock", ".tmp")
    return {name: content for name, content in tree(place).items() if not any(f"{p}/" in f"{name}/" for p in passing)}


def refusal(out: Path, folder: bool, **how) -> str:
    """Why a run is refused."""
    try:
        compute(out, folder, **how)
    except FolderError as error:
        return str(error)
    raise AssertionError(f"{out} was not refused")


OLD = {"job": JOB | {"method": "old"}, "names": ("a.csv", "old.png", "old/c.json")}


def kills_resume_to_the_same_bytes(root: Path, folder: bool) -> None:
    for start in ("new", "force", "resume"):

        def prepare(place: Path, start=start) -> Path:
            if start == "force":
                compute(place / "out", folder, **OLD)
            if start == "resume":
                assert killed_at(14, lambda: compute(place / "out", folder))
            return place / "out"

        how = {} if start == "new" else {start: True}
        compute(prepare(root / start / "whole"), folder, **how)
        whole, event, going = tree(root / start / "whole"), 0, True
        while going:
            place = root / start / str(event)
            out = prepare(place)
            old = settled(place)
            going = killed_at(event, lambda out=out, how=how: compute(out, folder, **how))
            left = settled(place)
            begun = any(name.endswith(("unfinished/job.json", "partial/job.json")) for name in left)
            # Resumable, or finished, or as it was.
            assert begun or left in (old, whole) or start == "new", (start, event)
            if begun:
                text = refusal(out, folder)
                assert "holds an unfinished run; use --resume" in text or "exists; use --force" in text
            if left == old and start == "force":
                compute(out, folder, force=True)
            assert len(compute(out, folder, resume=True)) <= len(PIECES)
            assert tree(place) == whole, (start, event)
            event += 1
        assert event > 20


def force_leaves_nothing_of_what_was_killed(root: Path, folder: bool) -> None:
    compute(root / "whole" / "out", folder)
    event, going = 0, True
    while going:
        out = root / str(event) / "out"
        going = killed_at(event, lambda out=out: compute(out, folder, **OLD))
        compute(out, folder, force=True)
        assert tree(out.parent) == tree(root / "whole"), event
        event += 1


def limited(out: Path, folder: bool, what: str) -> None:
    """A run that meets a full disk, or loses its folder; reports its error."""
    try:
        with UnfinishedRun(out, JOB, folder=folder) as run:
            run.store("0", piece_of("0"))
            if what == "full":
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
                run.store("1", b"x" * 5000)
            else:
                os.rename(run.work, run.work.with_name("gone"))
                run.store("1", b"x")
    except FolderError as error:
        Path("error").write_text(str(error))
        os._exit(2)


def what_stops_a_run_is_named_with_how_to_go_on(root: Path, folder: bool) -> None:
    for what in ("full", "gone"):
        out, context = root / what, multiprocessing.get_context("fork")
        child = context.Process(target=limited, args=(out, folder, what))
        child.start()
        child.join()
        assert child.exitcode == 2
        text = Path("error").read_text()
        assert "\n" not in text
        assert f"'{out}" in text
        if what == "full":
            assert text.endswith("(File too large); finished work is kept, continue with --resume")
            assert compute(out, folder, resume=True) == ["1", "2"]
        else:
            assert "was removed while the run wrote to it" in text


def race(out: Path, folder: bool, how: dict, gate, lost, results) -> None:
    warnings.simplefilter("ignore")
    gate.wait()
    try:
        with UnfinishedRun(out, JOB, folder=folder, **how):
            results.put("won")
            lost.wait(20)
    except FolderError as error:
        results.put(str(error))
        lost.set()


def of_two_writers_exactly_one_wins(root: Path, folder: bool) -> None:
    context = multiprocessing.get_context("fork")
    for how in ({}, {"resume": True}, {"force": True}):
        for repetition in range(6):
            out = root / f"{repetition}{''.join(how)}" / "out"
            gate, lost, results = context.Barrier(2), context.Event(), context.Queue()
            writers = [context.Process(target=race, args=(out, folder, how, gate, lost, results)) for _ in range(2)]
            for writer in writers:
                writer.start()
            found = sorted(results.get(timeout=30) for _ in writers)
            for writer in writers:
                writer.join()
            assert found[1] == "won", found
            assert any(f"is being written by process {writer.pid} on " in found[0] for writer in writers)
            # The lock goes last.
            assert not list(out.parent.rglob(".*lock"))


LAWS = (
    kills_resume_to_the_same_bytes,
    force_leaves_nothing_of_what_was_killed,
    what_stops_a_run_is_named_with_how_to_go_on,
    of_two_writers_exactly_one_wins,
)

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # Processes die here, not computers; on a busy disk the wait would be most of the time.
    os.fsync = lambda file: None
    (chosen,) = (law for law in LAWS if law.__name__ == sys.argv[1])
    chosen(Path.cwd(), sys.argv[2] == "folder")
