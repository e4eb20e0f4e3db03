"""`metagnn benchmark transfer`: call the library and print."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from metagnn.cli.console import print_table, progress_bar
from metagnn.errors import InputError
from metagnn.files.output import check_output


def refuse_full(chosen: argparse.Namespace) -> None:
    """Raise if another benchmark is given what only this one takes.

    Raises:
        InputError: Naming the option.
    """
    if chosen.full and chosen.name != "transfer":
        raise InputError(f"`--full` belongs to `metagnn benchmark transfer`, not to {chosen.name!r}")


def refuse_resume(chosen: argparse.Namespace) -> None:
    """Raise if a benchmark is to be continued that has nothing to continue.

    Raises:
        InputError: Naming the option.
    """
    if chosen.resume:
        raise InputError(f"`--resume` belongs to the benchmarks extrapolation and transfer, not to {chosen.name!r}")


def benchmark_transfer(chosen: argparse.Namespace) -> None:
    """Try trained models where they were not trained, and print how they do beside ignoring the change and FBA."""
    from metagnn.studies.benchmarks.transfer import measure_transfer

    out = check_output(chosen.out, chosen.force, chosen.resume, folder=True)
    with progress_bar("trainings") as progress:
        rows = measure_transfer(out, chosen.seed, progress, chosen.quick, chosen.full, chosen.resume)
    header = ("tried on", "labels", "model", "growth R²", "median flux R²", "µs per sample", "answered")
    shown = [
        (
            row.trial,
            row.labels,
            row.model,
            _triple(row.growth_r2),
            _triple(row.median_flux_r2),
            f"{row.microseconds[0]:.0f}",
            f"{row.answered:.1%}",
        )
        for row in rows
    ]
    print_table("transfer: median over the seeds (smallest – largest)", header, shown)


def _triple(values: Sequence[float]) -> str:
    median, low, high = (f"{value:.4f}" for value in values)
    return f"{median} ({low} – {high})"
