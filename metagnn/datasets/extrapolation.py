"""Splits that ask for more than interpolation: what trains differs from what tests in a way that has a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metagnn._html import html_table
from metagnn.datasets.splits import random_split, range_split
from metagnn.errors import InputError, TableError, unknown_name
from metagnn.fba.open_sources import carbon_sources
from metagnn.fba.simulate import media_bounds, media_values
from metagnn.network.exchange_search import OXYGEN, find_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.optimize.linear_program import OPTIMAL, LinearProgram

LOW_SHARE = 0.3
"""Share of a substrate's range below which the media of `uptake_range` train."""

FEW = 2
"""Carbon sources up to which the media of `few_to_many` train."""

FEWEST_ROWS = 5
"""Rows without which one side of a split says nothing."""

BINDING = 1e-9
"""Shadow price above which the limit of an uptake limits growth [1/h per mmol/gDW/h]."""


@dataclass(frozen=True, eq=False)
class Split:
    """Which media train, which test, and what the test asks for.

    Attributes:
        name: Name of the split.
        train: Positions of the training media.
        test: Positions of the test media; a medium may be in neither.
        held_out: What no training medium has, in a sentence.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    held_out: str

    def __repr__(self) -> str:
        return f"Split({self.name!r}, {len(self.train)} train, {len(self.test)} test)"

    def _repr_html_(self) -> str:
        rows = [("train", len(self.train)), ("test", len(self.test)), ("held out", self.held_out)]
        return html_table(f"Split {self.name}", rows)


def split_media(network: NetworkLike, media: pd.DataFrame, name: str, seed: int = 0) -> Split:
    """Divide media by the name of a split.

    - `random`: half of the media train; nothing is held out.
    - `uptake_range`: train on little of the first carbon source that varies, test on more than was ever seen.
    - `leave_substrate_out`: train without one carbon source, test with it; successive seeds leave out successive ones.
    - `few_to_many`: train on one or two carbon sources, test on more.
    - `limitation_switch`: train where the limit of O2 limits growth, test where carbon alone does. The linear
      program's shadow price of the O2 limit decides.

    Args:
        network: The network.
        media: One row for every medium; columns are exchanges, values the largest uptake ≥ 0 [mmol/gDW/h].
        name: Name of the split.
        seed: Seed of the draw, or which substrate is left out.

    Raises:
        InputError: An unknown split.
        TableError: Media that cannot be used, or that leave one side of the split with fewer than five rows.

    >>> from metagnn.network import load_network
    >>> media = pd.DataFrame({"EX_glc__D_e": np.linspace(1, 10, 20), "EX_o2_e": 20.0})
    >>> split = split_media(load_network("e_coli_core"), media, "uptake_range")
    >>> len(split.train), len(split.test), split.held_out
    (5, 15, 'uptake limits of EX_glc__D_e from 3 mmol/gDW/h on')
    """
    network = as_network(network)
    if name not in SPLITS:
        raise InputError("`name`: " + unknown_name(name, SPLITS, "split"))
    media_values(network, media)
    train, test, held_out = SPLITS[name](network, media, seed)
    if min(len(train), len(test)) < FEWEST_ROWS:
        raise TableError(
            f"`media`: split {name!r} leaves {len(train)} media to train and {len(test)} to test; "
            f"expected at least {FEWEST_ROWS} each"
        )
    return Split(name, train, test, held_out)


Parts = tuple[np.ndarray, np.ndarray, str]
"""Positions that train and that test, and what is held out."""


def _random(network: MetabolicNetwork, media: pd.DataFrame, seed: int) -> Parts:
    return *random_split(len(media), 0.5, seed), "nothing: the same distribution"


def _uptake_range(network: MetabolicNetwork, media: pd.DataFrame, seed: int) -> Parts:
    sources = _sources(network, media)
    varying = [str(name) for name in sources if sources[name].nunique() > 1]
    if not varying:
        raise TableError("`media`: no carbon source varies; expected at least one for split 'uptake_range'")
    threshold = LOW_SHARE * float(sources[varying[0]].max())
    train, test = range_split(sources, varying[0], threshold)
    return train, test, f"uptake limits of {varying[0]} from {threshold:.3g} mmol/gDW/h on"


def _leave_substrate_out(network: MetabolicNetwork, media: pd.DataFrame, seed: int) -> Parts:
    present = _sources(network, media) > 0
    count = present.sum()
    enough = present.columns[(count >= FEWEST_ROWS) & (len(media) - count >= FEWEST_ROWS)]
    if not len(enough):
        raise TableError(
            f"`media`: no carbon source is present in {FEWEST_ROWS} media and absent from {FEWEST_ROWS} others; "
            "expected one for split 'leave_substrate_out'"
        )
    substrate = str(enough[seed % len(enough)])
    return *_divide(~present[substrate].to_numpy()), f"{substrate}, which no training medium holds"


def _few_to_many(network: MetabolicNetwork, media: pd.DataFrame, seed: int) -> Parts:
    count = (_sources(network, media) > 0).sum(axis=1).to_numpy()
    train, test = np.flatnonzero((count > 0) & (count <= FEW)), np.flatnonzero(count > FEW)
    return train, test, f"media of more than {FEW} carbon sources"


def _limitation_switch(network: MetabolicNetwork, media: pd.DataFrame, seed: int) -> Parts:
    oxygen = oxygen_exchange(network)
    if oxygen not in media:
        raise TableError(f"`media` does not set the uptake of O2, {oxygen!r}; expected it for 'limitation_switch'")
    limited = uptake_prices(network, media)[oxygen].to_numpy() > BINDING
    return *_divide(limited), "media on which growth is not limited by O2 but by carbon alone"


SPLITS: dict[str, Callable[[MetabolicNetwork, pd.DataFrame, int], Parts]] = {
    "random": _random,
    "uptake_range": _uptake_range,
    "leave_substrate_out": _leave_substrate_out,
    "few_to_many": _few_to_many,
    "limitation_switch": _limitation_switch,
}
"""Every split by its name."""


def uptake_prices(network: NetworkLike, media: pd.DataFrame) -> pd.DataFrame:
    """Shadow prices of uptake limits: growth that one more unit of an uptake would add.

    Args:
        network: The network.
        media: One row for every medium, as for `simulate_fluxes` [mmol/gDW/h].

    Returns:
        The columns of the media, ≥ 0 [1/h per mmol/gDW/h]; NaN on a medium without an optimum. Where optima are
        degenerate, one of several valid prices.
    """
    network = as_network(network)
    names, uptakes = media_values(network, media)
    positions = [network.reaction_index(name) for name in names]
    objective = np.zeros(len(network.reactions))
    objective[network.reaction_index(network.growth_reaction)] = 1.0
    program = LinearProgram(network.stoichiometry.to_scipy(), objective)
    prices = np.full(uptakes.shape, np.nan)
    for row, (lower, upper) in enumerate(zip(*media_bounds(network, media), strict=True)):
        solution = program.solve(lower, upper)
        if solution.status == OPTIMAL:
            # Uptake is a negative flux: a negative reduced cost pushes it against its lower bound.
            prices[row] = np.maximum(-solution.reduced_costs[positions], 0.0)
    return pd.DataFrame(prices, index=media.index, columns=names)


def oxygen_exchange(network: NetworkLike) -> str:
    """The exchange of O2, found by its formula.

    Raises:
        TableError: The network exchanges no O2.
    """
    network = as_network(network)
    found = find_exchanges(network, OXYGEN)
    if not found:
        raise TableError(f"{network.id!r} exchanges no O2; expected an exchange of formula O2 for 'limitation_switch'")
    return found[0]


def _sources(network: MetabolicNetwork, media: pd.DataFrame) -> pd.DataFrame:
    """Uptakes of the carbon sources among the columns, shape `[samples, sources]` [mmol/gDW/h]."""
    exchanges, uptakes = media_values(network, media)
    sources = carbon_sources(network, exchanges)
    if not sources:
        raise TableError("`media` names no carbon source; expected at least one, such as 'EX_glc__D_e'")
    return pd.DataFrame(uptakes, columns=exchanges)[list(sources)]


def _divide(trains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(trains), np.flatnonzero(~trains)
