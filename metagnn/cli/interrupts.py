"""Signals that ask a command to end: the first is an interrupt, which keeps finished work; the next ends at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""The third is unknown to Windows."""


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end. Whatever lets a `KeyboardInterrupt` through lets this through too.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interrupts:
    """Raises `Interrupted` in the main thread at the first signal; a second one has its default effect: an end at once.

    Signals that the process was started to ignore, as under `nohup`, stay ignored. After an interrupt the handlers
    stay in place, because the process is about to end and a second signal may come until then.
    """

    def __init__(self) -> None:
        self._received = False

    @contextlib.contextmanager
    def raised(self) -> Iterator[None]:
        """Handle signals meanwhile; elsewhere than in the main thread do nothing, since Python allows it only there."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[int, Any] = {}
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, self._receive)
        try:
            yield
        finally:
            if not self._received:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._received = True
        raise Interrupted(number)
