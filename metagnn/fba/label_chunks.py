"""Chunks of media spread over worker processes, each with solvers of its own that stay in memory."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field

import joblib
import numpy as np

from metagnn.errors import InputError
from metagnn.fba.flux_simulator import Progress, check_method
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.network.knockout import Knockouts, no_knockouts
from metagnn.network.metabolic_network import MetabolicNetwork

LARGEST_CHUNK = 512
"""Media in a chunk: enough that sending the network along costs next to nothing, few enough to lose."""

LOST_IN_A_ROW = 3
"""How often workers may die with no chunk finished in between."""

_own = threading.local()
"""The simulator of each thread of a worker process. A model can outlive a task nowhere else; and the threads of a
Dask worker must not share one, because solvers are changed in place."""


@dataclass(frozen=True)
class LabelTask:
    """What all chunks of a run have in common; the network itself is compared by its fingerprint.

    Attributes:
        fingerprint: That of the network.
        names: Exchanges whose uptake varies.
        method: "min_norm", "pfba" or "fba".
        network: The network.
    """

    fingerprint: str
    names: tuple[str, ...]
    method: str
    network: MetabolicNetwork = field(compare=False, repr=False)

    @classmethod
    def of(cls, network: MetabolicNetwork, names: Sequence[str], method: str) -> LabelTask:
        """The task of labelling media of a network.

        Raises:
            InputError: An unknown method.
            NetworkError: No growth reaction.
        """
        check_method(method)
        network.reaction_index(network.growth_reaction)
        return cls(network.fingerprint, tuple(names), method, network)


@dataclass(frozen=True, eq=False)
class LabelChunk:
    """Labels of a run of media.

    Attributes:
        rows: Which media.
        fluxes: Shape `[media, reactions]`, NaN where the status is not "optimal" [mmol/gDW/h].
        status: One for every medium.
    """

    rows: slice
    fluxes: np.ndarray
    status: list[str]


def split_rows(samples: int, jobs: int | None) -> list[slice]:
    """Chunks of media; every worker gets several, so that none waits long for the last.

    Raises:
        InputError: `jobs` is below 1.
    """
    workers = _workers(jobs)
    return cut_rows(samples, LARGEST_CHUNK if workers == 1 else min(LARGEST_CHUNK, -(-samples // (4 * workers))))


def cut_rows(samples: int, size: int) -> list[slice]:
    """Chunks of `size` media, the last one shorter."""
    return [slice(start, min(start + size, samples)) for start in range(0, samples, size)]


def label_chunks(
    task: LabelTask,
    uptakes: np.ndarray,
    chunks: Sequence[slice],
    jobs: int | None = None,
    progress: Progress | None = None,
    knockouts: Knockouts | None = None,
) -> Generator[LabelChunk]:
    """Label chunks of media and hand each over as soon as it is finished, in any order.

    One worker is this process. Several go through joblib: local processes, or what `joblib.parallel_config` names,
    such as a Dask cluster. When a worker dies, the chunks that were not finished are done again by new ones.

    Args:
        task: Network, exchanges and method.
        uptakes: Largest uptakes of all media, shape `[samples, exchanges]` [mmol/gDW/h].
        chunks: Rows of `uptakes` to label.
        jobs: Workers; by default what `joblib.parallel_config` says, else one.
        progress: Called with how many media of these chunks are done, and of how many.
        knockouts: Reactions that the media's samples go without.

    Raises:
        InputError: `jobs` is below 1.
        ChildProcessError: Workers died several times with no chunk finished in between.
    """
    total = sum(chunk.stop - chunk.start for chunk in chunks)
    report = progress or (lambda done, total: None)
    knockouts = knockouts or no_knockouts(len(uptakes))
    if _workers(jobs) == 1:
        yield from _in_this_process(task, uptakes, chunks, knockouts, lambda done: report(done, total))
        return
    done = 0
    # Closed on the way out, whatever the reason: nobody computes what nobody will collect.
    with contextlib.closing(_in_workers(task, uptakes, chunks, knockouts, jobs)) as finished:
        for chunk in finished:
            yield chunk
            done += len(chunk.status)
            report(done, total)


def _workers(jobs: int | None) -> int:
    if jobs is not None and jobs < 1:
        raise InputError(f"`jobs` is {jobs}; expected at least 1, the number of worker processes")
    return int(joblib.effective_n_jobs(jobs))


def _in_this_process(
    task: LabelTask,
    uptakes: np.ndarray,
    chunks: Sequence[slice],
    knockouts: Knockouts,
    report: Callable[[int], object],
) -> Generator[LabelChunk]:
    simulator, before = LabelSimulator(task.network, task.names, task.method), 0
    for rows in chunks:

        def solved(done: int, _: int, before: int = before) -> None:
            report(before + done)

        fluxes, status = simulator.solve(uptakes[rows], solved, knockouts.rows(rows))
        before += len(status)
        yield LabelChunk(rows, fluxes, status)


def _in_workers(
    task: LabelTask, uptakes: np.ndarray, chunks: Sequence[slice], knockouts: Knockouts, jobs: int | None
) -> Generator[LabelChunk]:
    waiting, lost = {rows.start: rows for rows in chunks}, 0
    while waiting:
        try:
            # Dask has no use for the initializer, and ignores it.
            parallel = joblib.Parallel(
                jobs, return_as="generator_unordered", batch_size=1, initializer=_watch, initargs=(os.getpid(),)
            )
            results = parallel(
                joblib.delayed(_label)(task, rows, uptakes[rows], knockouts.rows(rows))
                for rows in list(waiting.values())
            )
            with _closing(results):
                for chunk in results:
                    yield chunk
                    del waiting[chunk.rows.start]
                    lost = 0
        except BrokenExecutor as error:
            lost += 1
            if lost == LOST_IN_A_ROW:
                raise ChildProcessError(
                    f"worker processes died {lost} times in a row on {len(waiting)} of {len(chunks)} chunks of media; "
                    "killed for lack of memory? try fewer jobs"
                ) from error


@contextlib.contextmanager
def _closing(results: Generator[LabelChunk]) -> Iterator[None]:
    try:
        yield
    finally:
        with warnings.catch_warnings():
            # joblib tells that work was cancelled; whoever stopped it knows.
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _label(task: LabelTask, rows: slice, uptakes: np.ndarray, knockouts: Knockouts) -> LabelChunk:
    if getattr(_own, "task", None) != task:
        _own.simulator, _own.task = LabelSimulator(task.network, task.names, task.method), task
    simulator: LabelSimulator = _own.simulator
    return LabelChunk(rows, *simulator.solve(uptakes, knockouts=knockouts))


def _watch(run: int) -> None:
    """End this local worker when the run that started it is gone, even if that was before its first chunk.

    Otherwise the workers of a run that was killed wait minutes for its next word, each with its share of memory.
    """
    if os.getppid() == run:
        threading.Thread(target=_end_with, args=(run,), daemon=True).start()
    elif os.name == "posix" and not _alive(run):
        os._exit(1)


def _end_with(run: int) -> None:
    while os.getppid() == run:
        time.sleep(1.0)
    os._exit(1)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It is there, and someone else's.
        pass
    return True
