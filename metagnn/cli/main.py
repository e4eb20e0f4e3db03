"""Run a command; report bad input in one line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from metagnn.cli.parser import parse
from metagnn.errors import InputError, ModelWarning, TableError, TableWarning

BAD_INPUT = 2
INTERRUPTED = 130

TABLES = {"file": "rates", "media": "media", "inputs": "inputs", "targets": "targets", "fluxes": "fluxes"} | {
    name: name for name in ("prices", "limits")
}
"""Options that give a table, and its name in messages of the library."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: Command-line arguments; by default those of the process.

    Returns:
        Exit status: 0, or 1 if no medium has a label, or 2 for bad input, or 130 for an interrupt.
    """
    chosen = parse(arguments)
    from metagnn.cli import commands
    from metagnn.cli.benchmark_command import benchmark
    from metagnn.cli.bottlenecks_command import print_bottlenecks
    from metagnn.cli.identifiability_command import print_identifiability
    from metagnn.cli.map_command import draw_map
    from metagnn.cli.reconcile_command import reconcile
    from metagnn.cli.selftest_command import selftest
    from metagnn.cli.suggest_medium_command import print_suggested_media

    run: Callable[[Any], int | None] = {
        "reproduce": commands.reproduce,
        "info": commands.info,
        "simulate": commands.simulate,
        "train": commands.train,
        "predict": commands.predict,
        "reconcile": reconcile,
        "map": draw_map,
        "identifiability": print_identifiability,
        "bottlenecks": print_bottlenecks,
        "suggest-medium": print_suggested_media,
        "benchmark": benchmark,
        "selftest": selftest,
    }[chosen.command]
    with warnings.catch_warnings():
        warnings.showwarning = _print_each_once()
        try:
            return run(chosen) or 0
        except InputError as error:
            print(f"metagnn: error: {_with_file(error, vars(chosen))}", file=sys.stderr)
            return BAD_INPUT
        except OSError as error:
            # Such as a full disk or a lost mount; finished work is already on the disk.
            print(f"metagnn: error: {error}", file=sys.stderr)
            return BAD_INPUT
        except KeyboardInterrupt:
            print("metagnn: interrupted; finished work is kept, continue with --resume", file=sys.stderr)
            return INTERRUPTED


def _with_file(error: InputError, chosen: Mapping[str, Any]) -> str:
    """The message, with the file of the table that it is about where it names none."""
    text, given = str(error), {name: str(chosen[name]) for name in TABLES if chosen.get(name)}
    if not isinstance(error, TableError) or any(repr(path) in text for path in given.values()):
        return text
    named = [path for name, path in given.items() if f"`{TABLES[name]}" in text]
    if not named and len(given) == 1 and not text.startswith("`"):
        named = list(given.values())
    return f"{named[0]!r}: {text}" if len(named) == 1 else text


def _print_each_once() -> Callable[..., None]:
    """What prints warnings, without those that it printed before: a command reads one table several times."""
    printed: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: Any) -> None:
        if str(message) not in printed:
            printed.add(str(message))
            _print_warning(message, category)

    return show


def _print_warning(message: Warning | str, category: type[Warning]) -> None:
    if issubclass(category, ModelWarning):
        # A note is no failure of this run; standard error keeps to the one line of an error.
        print(f"note on reading {message}")
    elif issubclass(category, TableWarning):
        print(f"metagnn: note: {message}", file=sys.stderr)
    elif issubclass(category, UserWarning) and not issubclass(category, DeprecationWarning):
        print(f"metagnn: warning: {message}", file=sys.stderr)
