import io
import sys
import threading
import types

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
def pipe(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    return stream


@pytest.fixture
def notebook(monkeypatch, pipe):
    """What a kernel would be told to display."""
    shown = []
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    display = types.ModuleType("IPython.display")
    handle = types.SimpleNamespace(update=lambda content, raw: shown.append(content))
    display.display = lambda content, raw, display_id: (shown.append(content), handle)[1]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def work(clock, seconds: int, **options) -> Progress:
    with Progress(seconds, "media", **options) as progress:
        for _ in range(seconds):
            clock[0] += 1.0
            progress.advance()
    return progress


def test_a_pipe_gets_a_line_every_30_seconds_and_the_last_one_if_it_is_asked_for(clock, pipe):
    assert work(clock, 100, lines=True).done == 100
    lines = pipe.getvalue().splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"media: {done} of 100" for done in (30, 60, 90, 100)]
    assert lines[0] == "media: 30 of 100, 0:30, about 1:10 left"
    assert lines[-1] == "media: 100 of 100, 1:40"


@pytest.mark.parametrize(
    ("seconds", "options"), [(29, {"lines": True}), (100, {}), (100, {"show": False})], ids=["short", "default", "off"]
)
def test_a_pipe_is_quiet_otherwise(clock, pipe, seconds, options):
    work(clock, seconds, **options)
    assert pipe.getvalue() == ""


def test_a_terminal_gets_a_bar_for_work_of_more_than_a_second(clock, terminal):
    work(clock, 5)
    assert "media" in terminal.getvalue()
    assert "5/5" in terminal.getvalue()


@pytest.mark.parametrize("show", [None, False])
def test_a_terminal_is_quiet_for_short_work_and_if_nothing_is_to_be_shown(clock, terminal, show):
    with Progress(5, "media", show) as progress:
        clock[0] += 0.9 if show is None else 99.0
        progress.advance()
    assert terminal.getvalue() == ""


def test_a_notebook_gets_one_display_that_is_updated(clock, notebook, pipe):
    work(clock, 3)
    assert [content["text/plain"].partition(",")[0] for content in notebook] == [
        *(f"media: {done} of 3" for done in (1, 2, 3)), "media: 3 of 3",
    ]  # fmt: skip
    assert '<progress value="3" max="3">' in notebook[-1]["text/html"]
    assert pipe.getvalue() == ""


def test_defaults_by_place(terminal, monkeypatch):
    assert shows_progress(None)
    assert not shows_progress(False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not shows_progress(None)
    assert shows_progress(True)


def test_a_notebook_shows_by_default(notebook):
    assert shows_progress(None)


def test_only_one_is_shown_at_a_time_nested_or_in_another_thread(clock, pipe):
    with Progress(100, "runs", lines=True) as outer:
        outer.advance()
        work(clock, 100, lines=True)
        thread = threading.Thread(target=work, args=(clock, 100), kwargs={"lines": True})
        thread.start()
        thread.join()
        assert pipe.getvalue() == ""
        outer.advance()
    assert {line.partition(":")[0] for line in pipe.getvalue().splitlines()} == {"runs"}


def test_an_error_rises_and_the_next_work_is_shown(clock, pipe):
    with pytest.raises(KeyError), Progress(3, "media", lines=True):
        raise KeyError("a")
    work(clock, 40, lines=True)
    assert pipe.getvalue()


def test_a_callable_is_called_in_place_of_a_bar(clock, terminal):
    seen = []
    with reported(lambda done, total: seen.append((done, total)), 5, "media") as report:
        clock[0] += 60.0
        report(3, 5)
    assert seen == [(3, 5)]
    assert terminal.getvalue() == ""
    with reported(True, 5, "media") as report:
        report(3, 5)
    assert "3/5" in terminal.getvalue()
