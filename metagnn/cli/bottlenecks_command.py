"""`metagnn bottlenecks`: call the library, write and print."""

from __future__ import annotations

import argparse

import pandas as pd

from metagnn.cli.console import print_table
from metagnn.cli.model_argument import network_of
from metagnn.cli.open_sources import print_open_sources
from metagnn.errors import TableError
from metagnn.fba.growth_capacity import require_growth
from metagnn.files.output import check_output
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import write_table

MOST_PRINTED = 20


def print_bottlenecks(chosen: argparse.Namespace) -> None:
    """Write which bounds limit growth on every medium, and print the most frequent ones."""
    from metagnn.analysis.growth_limits.limiting_bounds import bottlenecks
    from metagnn.predictor import FluxPredictor

    out = check_output(chosen.out, chosen.force)
    network, media = network_of(chosen), read_table(chosen.media, flags=False)
    require_growth(network)
    if "sample" in media.columns:
        media = media.set_index("sample")
    print_open_sources(network, media)
    predictor = FluxPredictor.load(chosen.predictor, network=network) if chosen.predictor else None
    table = bottlenecks(network, media, predictor.model if predictor is not None else None, chosen.most)
    if table.empty:
        raise TableError(f"'{chosen.media}' holds no medium with an optimum ({len(media)} without); nothing to rank")
    write_table(table, out)
    summary = _summary(table)
    gradient = "model_gradient" in table.columns
    rows = [
        (
            str(name),
            str(kind),
            str(len(group)),
            f"{group['gain'].median():.4g}",
            f"{group['elasticity'].median():.3f}",
            str(int(group["degenerate"].sum())),
            *([f"{group['model_gradient'].median():.4g}"] if gradient else []),
        )
        for (name, kind), group in summary[:MOST_PRINTED]
    ]
    header = ("bound", "kind", "media", "gain [gDW/mmol]", "elasticity", "degenerate")
    title = f"limits of growth on {table['sample'].nunique()} media; medians over the limited media → {chosen.out}"
    print_table(title, (*header, "gradient of the model") if gradient else header, rows, words=("kind",))


def _summary(table: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Group rows by bound, sorted by total elasticity, then by total gain."""
    groups = [((str(name), str(kind)), rows) for (name, kind), rows in table.groupby(["reaction", "kind"], sort=False)]
    return sorted(groups, key=lambda group: (-group[1]["elasticity"].sum(), -group[1]["gain"].sum()))
