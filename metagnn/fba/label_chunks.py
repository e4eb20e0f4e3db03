"""Spread chunks of media over worker processes; each keeps its own solvers in memory."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field

import joblib
import numpy as np

from metagnn.errors import InputError
from metagnn.fba.flux_simulator import check_method
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.fba.watched_worker import end_with_run
from metagnn.network.knockout import Knockouts, no_knockouts
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.progress import Report

LARGEST_CHUNK = 512
"""Most media in a chunk: large enough that sending the network costs little, small enough to lose."""

LOST_IN_A_ROW = 3
"""Give up after workers died this many times without finishing a chunk."""

_own = threading.local()
"""The simulator of each thread of a worker process. Only a module-level object survives a task, and the threads of a
Dask worker must not share one, because solvers change in place."""


@dataclass(frozen=True)
class LabelTask:
    """Settings that all chunks of a run share; tasks compare the network by its fingerprint.

    Attributes:
        fingerprint: Fingerprint of the network.
        names: Exchanges whose uptake varies.
        method: "min_norm", "pfba" or "fba".
        network: The network.
    """

    fingerprint: str
    names: tuple[str, ...]
    method: str
    network: MetabolicNetwork = field(compare=False, repr=False)

    @classmethod
    def create(cls, network: MetabolicNetwork, names: Sequence[str], method: str) -> LabelTask:
        """Create the task for a network.

        Raises:
            InputError: The method is unknown.
            NetworkError: There is no growth reaction.
        """
        check_method(method)
        network.reaction_index(network.growth_reaction)
        return cls(network.fingerprint, tuple(names), method, network)


@dataclass(frozen=True, eq=False)
class LabelChunk:
    """Labels of consecutive media.

    Attributes:
        rows: Rows of the media.
        fluxes: Shape `[media, reactions]`, NaN unless the status is "optimal" [mmol/gDW/h].
        status: Status of every medium.
    """

    rows: slice
    fluxes: np.ndarray
    status: list[str]


def split_rows(samples: int, jobs: int | None) -> list[slice]:
    """Split media into chunks, several per worker, so that all finish at about the same time.

    Raises:
        InputError: `jobs` is below 1.
    """
    workers = _workers(jobs)
    return cut_rows(samples, LARGEST_CHUNK if workers == 1 else min(LARGEST_CHUNK, -(-samples // (4 * workers))))


def cut_rows(samples: int, size: int) -> list[slice]:
    """Split media into chunks of `size`; the last may be smaller."""
    return [slice(start, min(start + size, samples)) for start in range(0, samples, size)]


def label_chunks(
    task: LabelTask,
    uptakes: np.ndarray,
    chunks: Sequence[slice],
    jobs: int | None = None,
    progress: Report | None = None,
    knockouts: Knockouts | None = None,
) -> Generator[LabelChunk]:
    """Label chunks of media and yield each as soon as it is finished, in any order.

    A single worker is this process. Several run through joblib: local processes, or the backend of
    `joblib.parallel_config`, such as a Dask cluster. If a worker dies, new workers repeat the unfinished chunks.

    Args:
        task: Network, exchanges and method.
        uptakes: Largest uptakes of all media, shape `[samples, exchanges]` [mmol/gDW/h].
        chunks: Rows of `uptakes` to label.
        jobs: Workers; by default the number from `joblib.parallel_config`, else one.
        progress: Called with the number of media done and their total.
        knockouts: Reactions that are knocked out in the samples.

    Raises:
        InputError: `jobs` is below 1.
        ChildProcessError: Workers died several times without finishing a chunk.
    """
    total = sum(chunk.stop - chunk.start for chunk in chunks)
    report = progress or (lambda done, total: None)
    knockouts = knockouts or no_knockouts(len(uptakes))
    if _workers(jobs) == 1:
        yield from _in_this_process(task, uptakes, chunks, knockouts, lambda done: report(done, total))
        return
    done = 0
    # Close on any exit, so that workers do not compute results that nobody reads.
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
            # Dask ignores the initializer.
            parallel = joblib.Parallel(
                jobs, return_as="generator_unordered", batch_size=1, initializer=end_with_run, initargs=(os.getpid(),)
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
                    "if they ran out of memory, use fewer jobs"
                ) from error


@contextlib.contextmanager
def _closing(results: Generator[LabelChunk]) -> Iterator[None]:
    try:
        yield
    finally:
        with warnings.catch_warnings():
            # joblib warns that work was cancelled, which the caller knows.
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _label(task: LabelTask, rows: slice, uptakes: np.ndarray, knockouts: Knockouts) -> LabelChunk:
    if getattr(_own, "task", None) != task:
        _own.simulator, _own.task = LabelSimulator(task.network, task.names, task.method), task
    simulator: LabelSimulator = _own.simulator
    return LabelChunk(rows, *simulator.solve(uptakes, knockouts=knockouts))
