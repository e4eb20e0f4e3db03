"""Run a command; report bad input in one line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from metagnn.cli.parser import parse
from metagnn.errors import InputError, ModelWarning, TableWarning

BAD_INPUT = 2
INTERRUPTED = 130


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
    }[chosen.command]
    with warnings.catch_warnings():
        warnings.showwarning = _print_warning  # type: ignore[assignment]
        try:
            return run(chosen) or 0
        except InputError as error:
            print(f"metagnn: error: {error}", file=sys.stderr)
            return BAD_INPUT
        except OSError as error:
            # Such as a full disk or a lost mount; finished work is already on the disk.
            print(f"metagnn: error: {error}", file=sys.stderr)
            return BAD_INPUT
        except KeyboardInterrupt:
            print("metagnn: interrupted; finished work is kept, continue with --resume", file=sys.stderr)
            return INTERRUPTED


def _print_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    if issubclass(category, ModelWarning):
        # A note is no failure of this run; standard error keeps to the one line of an error.
        print(f"note on reading {message}")
    elif issubclass(category, TableWarning):
        print(f"metagnn: note: {message}", file=sys.stderr)
    elif issubclass(category, UserWarning) and not issubclass(category, DeprecationWarning):
        print(f"metagnn: warning: {message}", file=sys.stderr)
