"""A solver for every thread: a cache that copies leave behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class PerThread(Generic[Made]):
    """Keeps one object a thread, made on first use, so that threads never share a solver.

    Solvers change in place and cannot be pickled. A deep copy, a pickle and a worker process therefore get the recipe
    alone, and make their own objects. An object ends with its thread: a pool that starts a new thread for every task
    pays for a new solver every time.

    Args:
        make: Makes the object; called once a thread. It must be picklable for a copy to be possible: a
            `functools.partial` of a class or function of a module, no lambda. It is called in any thread, so its
            arguments must not change.

    >>> import functools
    >>> own = PerThread(functools.partial(dict, a=1))
    >>> own.get() is own.get()
    True
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._own = threading.local()

    def get(self) -> Made:
        """The object of the calling thread."""
        if not hasattr(self._own, "made"):
            self._own.made = self._make()
        made: Made = self._own.made
        return made

    def __getstate__(self) -> dict[str, Callable[[], Made]]:
        """The recipe, without what it has made."""
        return {"_make": self._make}

    def __setstate__(self, state: dict[str, Callable[[], Made]]) -> None:
        self._make = state["_make"]
        self._own = threading.local()
