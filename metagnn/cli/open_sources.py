"""Report carbon sources that are open although a table does not name them."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd

from metagnn.datasets.rates.flux_table import STD
from metagnn.errors import InputError, printable
from metagnn.fba.open_sources import open_carbon_sources
from metagnn.files.flux_columns import plain_name
from metagnn.files.table_format import is_label
from metagnn.network.metabolic_network import MetabolicNetwork

MOST_PRINTED = 8


def print_open_sources(network: MetabolicNetwork, table: pd.DataFrame) -> None:
    """Print carbon sources that the table does not name: they keep the bounds of the model and feed every medium."""
    named = _exchanges(
        network, [plain_name(str(name)).removesuffix(STD) for name in table.columns if not is_label(name)]
    )
    read = [f"{name} as {exchange}" for name, exchange in named.items() if name != exchange]
    if read:
        print(f"columns read by name: {printable(', '.join(read))}")
    sources = open_carbon_sources(network, list(named.values()))
    if sources:
        first = list(sources.items())[:MOST_PRINTED]
        shown = ", ".join(
            f"{name} ({'without limit' if np.isinf(uptake) else f'up to {uptake:g} mmol/gDW/h'})"
            for name, uptake in first
        )
        more = ", …" if len(sources) > MOST_PRINTED else ""
        print(f"open carbon sources missing in the table: {printable(shown)}{more}")


def _exchanges(network: MetabolicNetwork, names: list[str]) -> dict[str, str]:
    """The exchange of every name; a name that no single exchange answers to is left to those who read the table."""
    found = {name: name for name in names if name in network.exchanges}
    for name in names:
        with contextlib.suppress(InputError):
            if name not in found:
                found[name] = network.exchange_names.of_rate(name, name)
    return found
