"""One solver per thread, left out of copies and pickles."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class PerThread(Generic[Made]):
    """One object per thread, made on first use, so that threads never share a solver.

    Solvers change in place and cannot be pickled. Deep copies, pickles and worker processes therefore receive only
    `make` and make their own objects. An object ends with its thread: a pool that starts a thread for every task makes
    a new solver every time.

    Args:
        make: Makes the object; called once per thread, in any thread, so its arguments must not change. To be copied it
            must be picklable: a `functools.partial` of a class or function of a module, not a lambda.

    >>> import functools
    >>> own = PerThread(functools.partial(dict, a=1))
    >>> own.get() is own.get()
    True
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._own = threading.local()

    def get(self) -> Made:
        """Return the object of the calling thread."""
        if not hasattr(self._own, "made"):
            self._own.made = self._make()
        made: Made = self._own.made
        return made

    def __getstate__(self) -> dict[str, Callable[[], Made]]:
        """Return `make` without the objects."""
        return {"_make": self._make}

    def __setstate__(self, state: dict[str, Callable[[], Made]]) -> None:
        self._make = state["_make"]
        self._own = threading.local()
