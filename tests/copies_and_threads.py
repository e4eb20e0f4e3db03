"""What copies, threads and worker processes make of the same work."""

import copy
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import joblib

COPIES = (copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made)))


def in_threads(work: Callable[[Any], Any], items: Sequence[Any], threads: int = 8) -> list[Any]:
    """What `work` makes of every item, in threads that all start before one of them goes on."""
    assert len(items) >= threads
    start = Barrier(threads)
    with ThreadPoolExecutor(threads, initializer=lambda: start.wait(timeout=60)) as pool:
        return list(pool.map(work, items))


def in_workers(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """What `work`, sent to two worker processes, makes of every item."""
    return list(joblib.Parallel(2)(joblib.delayed(work)(item) for item in items))
