"""`metagnn benchmark`: check the options, call the library and print."""

from __future__ import annotations

import argparse
from pathlib import Path

from metagnn.cli.console import print_table, progress_bar
from metagnn.errors import InputError
from metagnn.studies.benchmarks.registry import BENCHMARKS

OPTIONS = ("data", "full", "growth", "jobs", "media", "model", "paths", "resume", "seeds", "table")
"""Options that only some benchmarks take."""


def benchmark(chosen: argparse.Namespace) -> None:
    """Run a benchmark and print its tables.

    Raises:
        InputError: An option that only other benchmarks take.
    """
    found = BENCHMARKS[chosen.name]
    for option in OPTIONS:
        if getattr(chosen, option) and option not in found.options:
            written = "an argument after the name" if option == "paths" else f"`--{option}`"
            raise InputError(f"{written} belongs to {_owners(option)}, not to {chosen.name!r}")
    from metagnn.studies.harness.study import StudyOptions

    size = "quick" if chosen.quick else "full" if chosen.full else "usual"
    names = ("jobs", "force", "resume", "table", "model", "media", "seeds", "growth", "data")
    given = {name: getattr(chosen, name) for name in names}
    options = StudyOptions(size, chosen.seed, paths=tuple(chosen.paths), **given)
    with progress_bar("runs") as progress:
        tables = found.run(chosen.name, Path(chosen.out), options, progress)
    for table in tables:
        print_table(table.title, table.header, table.rows)
    print(f"→ {chosen.out}/{chosen.name}.json")


def _owners(option: str) -> str:
    names = [name for name, entry in BENCHMARKS.items() if option in entry.options]
    if len(names) == 1:
        return f"`metagnn benchmark {names[0]}`"
    return f"the benchmarks {', '.join(names[:-1])} and {names[-1]}"
