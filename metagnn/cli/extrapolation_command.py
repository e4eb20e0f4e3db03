"""`metagnn benchmark extrapolation`: call the library and print."""

from __future__ import annotations

import argparse
from pathlib import Path

from metagnn.cli.console import print_table, progress_bar
from metagnn.errors import InputError

OPTIONS = ("table", "model", "jobs")
"""What only this benchmark takes."""


def refuse_options(chosen: argparse.Namespace) -> None:
    """Raise if another benchmark is given what only this one takes.

    Raises:
        InputError: Naming the option.
    """
    for name in OPTIONS:
        if getattr(chosen, name):
            raise InputError(f"`--{name}` belongs to `metagnn benchmark extrapolation`, not to {chosen.name!r}")


def benchmark_extrapolation(chosen: argparse.Namespace) -> None:
    """Train every model on every split, and print who is first on unseen media.

    Raises:
        InputError: A table without a model, or a model without a table.
    """
    from metagnn.studies.extrapolation import MediaTable, extrapolation_tables, run_extrapolation
    from metagnn.studies.extrapolation.run import FIGURE, RESULTS, JobOptions

    if bool(chosen.table) != bool(chosen.model):
        given, missing = ("--table", "--model") if chosen.table else ("--model", "--table")
        raise InputError(f"`{given}` is given without `{missing}`; expected both, or neither for e_coli_core")
    table = MediaTable(chosen.table, chosen.model) if chosen.table else None
    options = JobOptions(chosen.quick, chosen.seed, chosen.jobs, chosen.force, chosen.resume)
    with progress_bar("runs") as progress:
        results = run_extrapolation(Path(chosen.out), table, options, progress)
    for shown in extrapolation_tables(results):
        print_table(shown.title, shown.header, shown.rows)
    seconds = results["settings"]["wall_seconds"]
    print(f"{chosen.out}/{RESULTS}, {chosen.out}/{FIGURE}: {seconds:.0f} s")
