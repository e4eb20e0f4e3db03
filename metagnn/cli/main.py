"""Run a command; report bad input in one line."""

from __future__ import annotations

import argparse
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from metagnn.cli.interrupts import Interrupted, Interrupts
from metagnn.cli.model_argument import reading_model
from metagnn.cli.parser import parse
from metagnn.cli.standard_streams import standard_streams
from metagnn.cli.working_directory import leave_deleted_directory
from metagnn.errors import InputError, ModelWarning, TableError, TableWarning, printable

BAD_INPUT = 2

READER_GONE = 141
"""What a shell reports of a program that SIGPIPE ended."""

TABLES = {"file": "rates", "media": "media", "inputs": "inputs", "targets": "targets", "fluxes": "fluxes"} | {
    name: name for name in ("prices", "limits")
}
"""Options that give a table, and its name in messages of the library."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    SIGINT (Ctrl-C), SIGTERM and SIGHUP end it with one line, and keep what is finished; a second signal ends it at
    once. If the reader of standard output goes away, as in `metagnn simulate … | head -1`, the rest of the output is
    dropped, all files are written, and the exit status says so. What is closed from the start (`>&-`) is not missed.
    The same holds for standard error, except for the status.

    Args:
        arguments: Command-line arguments; by default those of the process.

    Returns:
        Exit status: 0; 1 if no medium has a label; 2 for bad input, or output that cannot be written; 128 and the
        number of the signal for an interrupt: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP; 141 if the reader of
        standard output went away, in which case the command did all its work.
    """
    status = 0
    with standard_streams() as (out, _):
        try:
            with Interrupts().raised():
                chosen = parse(arguments)
                leave_deleted_directory(chosen)
                with reading_model(chosen):
                    status = _run(chosen)
        except InputError as error:
            print(f"metagnn: error: {printable(error)}", file=sys.stderr)
            return BAD_INPUT
        except SystemExit as end:
            # Of the parser: 0 after `--help`, 2 after a wrong option.
            out.flush()
            if out.error is None or end.code:
                raise
        except Interrupted as interrupt:
            print("metagnn: interrupted", file=sys.stderr)
            return 128 + interrupt.number
        out.flush()
        if out.error is None or status:
            return status
        if isinstance(out.error, BrokenPipeError):
            return READER_GONE
        print(f"metagnn: error: standard output cannot be written ({_reason(out.error)})", file=sys.stderr)
        return BAD_INPUT


def _run(chosen: argparse.Namespace) -> int:
    """Run the chosen command, and report what stops it in one line."""
    resumes = hasattr(chosen, "resume")
    go_on = "; finished work is kept, continue with --resume" if resumes else ""
    with warnings.catch_warnings():
        if any(option.startswith("error") for option in sys.warnoptions):
            # `python -W error`: a command prints warnings; to stop at one is for tests of the library.
            warnings.simplefilter("default")
        warnings.showwarning = _print_each_once()
        try:
            return _command(chosen.command)(chosen) or 0
        except InputError as error:
            print(f"metagnn: error: {printable(_with_file(error, vars(chosen)))}", file=sys.stderr)
            return BAD_INPUT
        except ChildProcessError as error:
            # Python counts it among the errors of the system; it says itself what to do.
            print(f"metagnn: error: {printable(error)}{go_on}", file=sys.stderr)
            return BAD_INPUT
        except OSError as error:
            # Such as a full disk or a lost mount.
            where = repr(error.filename) if error.filename else "a file"
            print(f"metagnn: error: {where} cannot be read or written ({_reason(error)}){go_on}", file=sys.stderr)
            return BAD_INPUT
        except KeyboardInterrupt as interrupt:
            print(f"metagnn: interrupted{go_on}", file=sys.stderr)
            return 128 + getattr(interrupt, "number", signal.SIGINT)


def _command(name: str) -> Callable[[Any], int | None]:
    """Import the command of a name."""
    from metagnn.cli import commands
    from metagnn.cli.benchmark_command import benchmark
    from metagnn.cli.bottlenecks_command import print_bottlenecks
    from metagnn.cli.identifiability_command import print_identifiability
    from metagnn.cli.map_command import draw_map
    from metagnn.cli.reconcile_command import reconcile
    from metagnn.cli.selftest_command import selftest
    from metagnn.cli.suggest_medium_command import print_suggested_media

    run: dict[str, Callable[[Any], int | None]] = {
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
    }
    return run[name]


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _with_file(error: InputError, chosen: Mapping[str, Any]) -> str:
    """The message, with the file of the table that it is about where it names none."""
    text, given = str(error), {name: str(chosen[name]) for name in TABLES if chosen.get(name)}
    if chosen.get("units") and repr(str(chosen["units"])) in text:
        return text
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
        print(f"note on reading {printable(message)}")
    elif issubclass(category, TableWarning):
        print(f"metagnn: note: {printable(message)}", file=sys.stderr)
    elif issubclass(category, UserWarning) and not issubclass(category, DeprecationWarning):
        print(f"metagnn: warning: {printable(message)}", file=sys.stderr)
