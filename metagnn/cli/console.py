"""Tables and progress bars of commands: coloured on a terminal, plain text in a pipe."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from metagnn.errors import printable
from metagnn.progress import Progress

PIPE_WIDTH = 140


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[str] = ()) -> None:
    """Print a table on standard output; align the first column and those in `words` left, the others right."""
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH, no_color=True)
    # Text, not markup, because units are in brackets. Print the title apart: rich would fold it to the table width.
    table = Table()
    for position, name in enumerate(header):
        numbers = position > 0 and len(header) > 2 and name not in words
        table.add_column(Text(printable(name)), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(Text(printable(title)))
    console.print(table)


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a callable `(done, total)` that shows the progress of a command on standard error.

    It draws a bar on a terminal, and prints a line every 30 s in a pipe.

    Args:
        what: Name of the counted items, in the plural.
    """
    with Progress(None, what, lines=True) as progress:
        yield progress.update
