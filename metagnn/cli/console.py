"""Tables and progress: on a terminal for people, plain and quiet in a pipe."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 140


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[str] = ()) -> None:
    """Print a table on standard output; columns of `words` to the left, like the first, and numbers to the right."""
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH, no_color=True)
    # Text, not markup: units stand in brackets. A title of the table's own would fold to its width.
    table = Table()
    for position, name in enumerate(header):
        numbers = position > 0 and len(header) > 2 and name not in words
        table.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(Text(title))
    console.print(table)


@contextlib.contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """A callable `(done, total)` that moves a bar with the time left; silent unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(text, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
