"""Progress of long work: a bar on a terminal, a bar in a notebook, or a line now and then in a pipe."""

from __future__ import annotations

import html
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

Report = Callable[[int, int], object]
"""Called with how many are done, and of how many."""


def unreported(done: int, total: int) -> None:
    """The report that goes nowhere."""


WAIT = 1.0
"""Work that is done sooner shows no bar, unless one is asked for [s]."""

LINE_EVERY = 30.0
"""Time between two lines in a pipe, and before the first [s]."""

_screen = threading.Lock()
"""There is one terminal: who holds this shows a bar; nested calls and other threads meanwhile show none."""


def shows_progress(progress: bool | None) -> bool:
    """Whether to show progress: as asked; by default on a terminal and in a notebook."""
    return (_on_terminal() or _in_notebook()) if progress is None else progress


class Progress:
    """A context manager that counts what is done, and shows it where a person looks.

    A bar on a terminal (standard error) or in a Jupyter notebook; elsewhere a line on standard error every 30 s.
    While one is shown, every other one in this process is silent.

    Args:
        total: How many there are; None where it is not known yet.
        what: What is counted, in the plural, such as "epochs".
        show: Whether to show anything; by default on a terminal and in a notebook, for work of more than a second.
        lines: Whether the default also prints lines where there is neither: for commands.

    >>> with Progress(2, "media", show=False) as progress:
    ...     progress.advance()
    ...     progress.done
    1
    """

    def __init__(self, total: int | None, what: str, show: bool | None = None, lines: bool = False) -> None:
        self.done, self.total, self._what = 0, total, what
        self._face = _choose_face(what) if lines or shows_progress(show) else None
        self._next = 0.0 if show or lines else WAIT
        self._started, self._drawn, self._owns = 0.0, False, False

    def __enter__(self) -> Progress:
        self._started = time.monotonic()
        if self._face is not None:
            self._owns = _screen.acquire(blocking=False)
            self._next = self._started + max(self._next, self._face.wait)
        return self

    def advance(self, count: int = 1) -> None:
        """Count `count` more as done."""
        self.update(self.done + count, self.total)

    def update(self, done: int, total: int | None) -> None:
        """Set how many are done, and of how many."""
        self.done, self.total = done, total
        if self._owns and time.monotonic() >= self._next:
            self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        if self._face is not None:
            self._face.draw(self.done, self.total, now - self._started)
            self._next, self._drawn = now + self._face.every, True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._owns:
            return
        try:
            if self._drawn and self._face is not None:
                self._draw()
                self._face.close()
        finally:
            self._owns = False
            _screen.release()


@contextmanager
def reported(progress: bool | Report | None, total: int, what: str) -> Iterator[Report]:
    """What a function of the library calls as its work goes on.

    Args:
        progress: A callable, which is used as it is; otherwise as `Progress` takes it.
        total: How many there are.
        what: What is counted, in the plural.
    """
    if callable(progress):
        yield progress
        return
    with Progress(total, what, progress) as shown:
        yield shown.update


class _AbstractFace(ABC):
    """One way to show progress.

    Attributes:
        wait: Time before the first drawing [s].
        every: Time between two drawings [s].
    """

    wait = 0.0
    every = 0.1

    def __init__(self, what: str) -> None:
        self._what = what

    @abstractmethod
    def draw(self, done: int, total: int | None, seconds: float) -> None:
        """Show how many are done after so many seconds."""

    def close(self) -> None:
        """Leave what was drawn last."""
        return


class _TerminalBar(_AbstractFace):
    _bar: Any = None

    def draw(self, done: int, total: int | None, seconds: float) -> None:
        if self._bar is None:
            # Imported here: most work is over before a bar is shown.
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task(self._what, total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)

    def close(self) -> None:
        self._bar.stop()


class _NotebookBar(_AbstractFace):
    # rich needs ipywidgets for this; a display that is updated in place needs only the notebook.
    every = 0.5
    _shown: Any = None

    def draw(self, done: int, total: int | None, seconds: float) -> None:
        from IPython.display import display

        limits = f' value="{done}" max="{total}"' if total else ""
        text = _in_words(self._what, done, total, seconds)
        content = {"text/plain": text, "text/html": f"<progress{limits}></progress> {html.escape(text)}"}
        if self._shown is None:
            self._shown = display(content, raw=True, display_id=True)
        else:
            self._shown.update(content, raw=True)


class _PipeLines(_AbstractFace):
    wait = every = LINE_EVERY

    def draw(self, done: int, total: int | None, seconds: float) -> None:
        sys.stderr.write(_in_words(self._what, done, total, seconds) + "\n")
        sys.stderr.flush()


def _choose_face(what: str) -> _AbstractFace | None:
    if _in_notebook():
        return _NotebookBar(what)
    if sys.stderr is None:
        return None
    return _TerminalBar(what) if _on_terminal() else _PipeLines(what)


def _on_terminal() -> bool:
    """Whether standard error is a terminal; a program without a console (`pythonw`) has none."""
    return sys.stderr is not None and sys.stderr.isatty()


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this process."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _in_words(what: str, done: int, total: int | None, seconds: float) -> str:
    """Such as "media: 40 of 100, 1:00, about 1:30 left"."""
    text = f"{what}: {done} of {total}" if total else f"{what}: {done}"
    text += f", {_clock(seconds)}"
    return f"{text}, about {_clock(seconds * (total - done) / done)} left" if total and 0 < done < total else text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
