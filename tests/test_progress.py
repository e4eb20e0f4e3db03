import io
import sys
import threading
import types
from contextlib import redirect_stderr

import pytest

from metagnn import progress as module
from metagnn.progress import Progress, reported, shows_progress


class Terminal(io.StringIO):
    """Standard error of a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only as a test says."""
    seconds = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def notebook(monkeypatch):
    """What a kernel would be told to display."""
    shown = []
    handle = types.SimpleNamespace(update=lambda content, raw: shown.append(content))
    ipython, display = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    display.display = lambda content, raw, display_id: (shown.append(content), handle)[1]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def work(clock, seconds: int, step: float = 1.0, **options) -> None:
    with Progress(seconds, "media", **options) as progress:
        for _ in range(seconds):
            clock[0] += step
            progress.advance()
    assert progress.done == seconds


@pytest.mark.parametrize("options", [{"lines": True}, {"show": True}], ids=["command", "asked for"])
def test_a_pipe_gets_a_line_every_30_seconds_and_the_last_one(clock, options):
    with redirect_stderr(io.StringIO()) as pipe:
        work(clock, 100, **options)
    lines = pipe.getvalue().splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"media: {done} of 100" for done in (30, 60, 90, 100)]
    assert lines[0] == "media: 30 of 100, 0:30, about 1:10 left"
    assert lines[-1] == "media: 100 of 100, 1:40"


@pytest.mark.parametrize(
    ("seconds", "options"), [(29, {"lines": True}), (100, {}), (100, {"show": False})], ids=["short", "default", "off"]
)
def test_a_pipe_is_quiet_otherwise(clock, seconds, options):
    with redirect_stderr(io.StringIO()) as pipe:
        work(clock, seconds, **options)
    assert pipe.getvalue() == ""


@pytest.mark.parametrize(
    ("step", "options", "shown"),
    [
        (1.0, {}, True),
        (0.01, {}, False),
        (0.01, {"show": True}, True),
        (0.01, {"lines": True}, True),
        (9.0, {"show": False}, False),
    ],
)
def test_a_terminal_gets_a_bar_at_once_if_asked_for_and_after_a_second_by_default(clock, step, options, shown):
    with redirect_stderr(Terminal()) as terminal:
        work(clock, 5, step, **options)
    assert ("media" in terminal.getvalue() and "5/5" in terminal.getvalue()) if shown else terminal.getvalue() == ""


def test_a_notebook_gets_one_display_that_is_updated(clock, notebook):
    with redirect_stderr(io.StringIO()) as pipe:
        work(clock, 3)
    texts = [content["text/plain"].partition(",")[0] for content in notebook]
    assert texts == ["media: 1 of 3", "media: 2 of 3", "media: 3 of 3", "media: 3 of 3"]
    assert '<progress value="3" max="3">' in notebook[-1]["text/html"]
    assert pipe.getvalue() == ""


def test_a_notebook_shows_by_default(notebook):
    assert shows_progress(None)
    assert not shows_progress(False)


def test_a_terminal_shows_by_default_and_a_pipe_if_asked_for():
    with redirect_stderr(Terminal()):
        assert shows_progress(None)
        assert not shows_progress(False)
    with redirect_stderr(io.StringIO()):
        assert not shows_progress(None)
        assert shows_progress(True)


def test_only_one_is_shown_at_a_time_nested_or_in_another_thread(clock):
    with redirect_stderr(io.StringIO()) as pipe, Progress(100, "runs", lines=True) as outer:
        work(clock, 100, lines=True)
        thread = threading.Thread(target=work, args=(clock, 100), kwargs={"lines": True})
        thread.start()
        thread.join()
        assert pipe.getvalue() == ""
        outer.advance()
        assert pipe.getvalue().startswith("runs: 1 of 100")


def test_an_error_rises_and_the_next_work_is_shown(clock):
    with pytest.raises(KeyError), Progress(3, "media", lines=True):
        raise KeyError("a")
    with redirect_stderr(io.StringIO()) as pipe:
        work(clock, 40, lines=True)
    assert pipe.getvalue()


def test_a_callable_is_called_in_place_of_a_bar(clock):
    seen = []
    with redirect_stderr(Terminal()) as terminal:
        with reported(lambda done, total: seen.append((done, total)), 5, "media") as report:
            clock[0] += 60.0
            report(3, 5)
        assert (seen, terminal.getvalue()) == ([(3, 5)], "")
        with reported(True, 5, "media") as report:
            report(3, 5)
        assert "3/5" in terminal.getvalue()


def test_without_standard_error_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not shows_progress(None)
    for show in (None, True):
        with Progress(2, "media", show=show, lines=True) as progress:
            progress.advance(2)
    assert progress.done == 2
