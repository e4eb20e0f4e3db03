"""`metagnn identifiability`: call the library and print."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from metagnn.cli.console import print_table
from metagnn.cli.model_argument import network_of
from metagnn.fba.growth_capacity import require_growth
from metagnn.files.output import check_output
from metagnn.files.table_writer import write_table

GIVEN = ("measured", "absent", "held by its bounds")
"""Reasons that the user gave; rows with them are not printed."""


def print_identifiability(chosen: argparse.Namespace) -> None:
    """Print which fluxes a list of measurements determines, and what else to measure."""
    from metagnn.analysis.identifiability.determined_fluxes import identifiability

    out = check_output(chosen.out, chosen.force) if chosen.out else None
    network = network_of(chosen)
    require_growth(network)
    present = None if chosen.present is None else _names(chosen.present)
    report = identifiability(
        network,
        _names(chosen.measured),
        chosen.composition,
        fluxes="all" if chosen.all else "exchanges",
        present=present,
        seed=chosen.seed,
    )
    told = [row for row in report.rows if row.why not in GIVEN]
    rows = [(row.name, row.status, _interval(row.lower, row.upper), row.why) for row in told]
    title = f"{network.id}, {len(set(report.measured))} measured, composition {chosen.composition}"
    if len(told) < len(report.rows):
        title += f" ({len(report.rows) - len(told)} rows that are measured, absent or held by their bounds left out)"
    header = ("what", "status", "at a typical state", "why")
    print_table(title, header, rows, words=("status", "why"))
    if out is not None:
        write_table(report.table(), out)


def _names(text: str) -> Sequence[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _interval(lower: float, upper: float) -> str:
    if lower == upper:
        return f"{lower:.4g}"
    low, high = (f"{limit:.4g}" if np.isfinite(limit) else "–∞" if limit < 0 else "∞" for limit in (lower, upper))
    return f"{low} … {high}"
