"""`metagnn suggest-medium`: call the library, write and print."""

from __future__ import annotations

import argparse
import re

import numpy as np
import pandas as pd

from metagnn.cli.console import print_table
from metagnn.cli.model_argument import network_of
from metagnn.cli.open_sources import print_open_sources
from metagnn.errors import TableError
from metagnn.fba.growth_capacity import require_growth
from metagnn.fba.simulate import SAMPLE, simulate_fluxes
from metagnn.files.flux_columns import plain_name
from metagnn.files.output import check_output
from metagnn.files.table_format import is_text
from metagnn.files.table_reader import read_table
from metagnn.files.table_values import numeric_values
from metagnn.files.table_writer import write_table
from metagnn.network.vocabulary.named_exchanges import resolved

_PRICED = re.compile(r"\s*[\[(]\s*[^\s/\[\]()]*\s*/\s*mmol\s*[\])]$")
"""Unit of a price behind a name, in any currency."""


def print_suggested_media(chosen: argparse.Namespace) -> None:
    """Write a table with the medium of largest growth for every budget, and print growth and cost.

    Raises:
        InputError: A budget, price or limit is not valid, or no medium satisfies the bounds of the model.
        TableError: A table has more than one row, or a column is not an exchange.
    """
    from metagnn.analysis.growth_limits.suggested_medium import suggest_medium

    out = check_output(chosen.out, chosen.force)
    network, prices = network_of(chosen), _one_row(chosen.prices, "a price [1/mmol]")
    require_growth(network)
    limits = _one_row(chosen.limits, "a largest uptake [mmol/gDW/h]") if chosen.limits else {}
    print_open_sources(network, pd.DataFrame([prices]))
    exchanges = resolved(network, list(prices))
    found = [suggest_medium(network, budget, prices, limits) for budget in chosen.budget]
    names = [f"budget {budget:g}" for budget in chosen.budget]
    media = pd.DataFrame([[medium.uptakes.get(name, 0.0) for name in exchanges] for medium in found], columns=exchanges)
    media.insert(0, SAMPLE, names)
    write_table(media, out)
    # Check the written media by FBA, which does not use prices.
    growth = simulate_fluxes(network, media, "fba").growth
    rows = [
        (
            name,
            f"{by_fba:.4f}",
            f"{medium.cost:.4g}",
            f"{medium.growth_per_cost:.4g}",
            ", ".join(f"{exchange} {uptake:.4g}" for exchange, uptake in medium.uptakes.items()) or "nothing",
        )
        for name, medium, by_fba in zip(names, found, growth, strict=True)
    ]
    header = ("medium", "growth by FBA [1/h]", "cost", "growth per added cost", "uptakes to buy [mmol/gDW/h]")
    print_table(f"media of largest growth under a budget → {chosen.out}", header, rows, words=header[-1:])


def _one_row(path: str, what: str) -> dict[str, float]:
    """Read numbers by exchange from a table of one row; skip empty cells."""
    table = read_table(path, flags=False)
    if len(table) != 1:
        raise TableError(f"'{path}' has {len(table)} rows; expected one, with {what} under every exchange")
    table = table.loc[:, [not is_text(name) for name in table.columns]]
    values = zip(table.columns, numeric_values(table)[0], strict=True)
    return {plain_name(_PRICED.sub("", str(name))): float(value) for name, value in values if not np.isnan(value)}
