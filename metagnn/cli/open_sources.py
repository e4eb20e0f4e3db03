"""Carbon sources that a table forgets: printed before anything runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.datasets.samples import STD
from metagnn.fba.open_sources import open_carbon_sources
from metagnn.network.metabolic_network import MetabolicNetwork

MOST_PRINTED = 8


def print_open_sources(network: MetabolicNetwork, table: pd.DataFrame) -> None:
    """An exchange that a table forgets keeps the model's own bound, and can feed every medium: say so."""
    named = [str(name).removesuffix(STD) for name in table.columns]
    sources = open_carbon_sources(network, named)
    if sources:
        first = list(sources.items())[:MOST_PRINTED]
        shown = ", ".join(
            f"{name} ({'without limit' if np.isinf(uptake) else f'up to {uptake:g} mmol/gDW/h'})"
            for name, uptake in first
        )
        print(f"open without being named: {shown}{', …' if len(sources) > MOST_PRINTED else ''}")
