"""Report carbon sources that are open although a table does not name them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.datasets.targets import STD
from metagnn.fba.open_sources import open_carbon_sources
from metagnn.files.flux_columns import plain_name
from metagnn.network.metabolic_network import MetabolicNetwork

MOST_PRINTED = 8


def print_open_sources(network: MetabolicNetwork, table: pd.DataFrame) -> None:
    """Print carbon sources that the table does not name: they keep the bounds of the model and feed every medium."""
    named = [plain_name(str(name)).removesuffix(STD) for name in table.columns]
    sources = open_carbon_sources(network, named)
    if sources:
        first = list(sources.items())[:MOST_PRINTED]
        shown = ", ".join(
            f"{name} ({'without limit' if np.isinf(uptake) else f'up to {uptake:g} mmol/gDW/h'})"
            for name, uptake in first
        )
        print(f"open carbon sources missing in the table: {shown}{', …' if len(sources) > MOST_PRINTED else ''}")
