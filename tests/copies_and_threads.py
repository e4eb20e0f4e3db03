"""What copies, threads and worker processes make of the same work."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import joblib
import numpy as np
import pandas as pd
import scipy.sparse
import torch

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


def assert_copies_are_the_same(made: Any) -> None:
    """That a deep copy and a pickle hold the same values, to the last bit, in arrays of their own."""
    for duplicate in COPIES:
        copied = duplicate(made)
        assert type(copied) is type(made)
        assert same(made, copied)


def same(one: Any, other: Any) -> bool:
    """Whether two objects hold the same values; NaN is NaN, and what is read-only stays so."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        nan = one.dtype.kind == "f"
        return one.flags.writeable == other.flags.writeable and np.array_equal(one, other, equal_nan=nan)
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, torch.nn.Module):
        buffers, others = dict(one.named_buffers()), dict(other.named_buffers())
        return same(buffers, others) and same(one.state_dict(), other.state_dict())
    if isinstance(one, pd.DataFrame | pd.Series):
        return bool(one.equals(other)) and one.index.equals(other.index)
    if scipy.sparse.issparse(one):
        return bool(one.shape == other.shape and (one != other).nnz == 0)
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)
