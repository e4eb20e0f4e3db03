"""A network of six reactions whose growth is a formula."""

from __future__ import annotations

import numpy as np
import pandas as pd

from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.testing import toy_network


def small_network() -> MetabolicNetwork:
    """Return the network; see `small_growth`."""
    return toy_network(
        {
            "EX_a": "a <=>",
            "EX_o": "o <=>",
            "ferment": "a -> 2 b",
            "respire": "a + o -> 3 b",
            "EX_b": "b ->",
            "growth": "3 b ->",
        },
        "growth",
        {"EX_a": (-10, 1000), "EX_o": (-10, 1000)},
        formulas={"a": "C6H12O6N2", "b": "C2H4O2N", "o": "O2"},
    )


def small_media(samples: int, seed: int) -> pd.DataFrame:
    """Return random media, largest uptakes [mmol/gDW/h]."""
    random = np.random.default_rng([seed, 7])
    return pd.DataFrame(random.uniform(0, 10, (samples, 2)), columns=["EX_a", "EX_o"])


def small_growth(media: pd.DataFrame) -> pd.Series:
    """Return the largest growth [1/h]: an A gives 3 B with an O and 2 without; growth takes 3 B."""
    return ((2 * media["EX_a"] + media[["EX_a", "EX_o"]].min(axis=1)) / 3).rename("growth")
