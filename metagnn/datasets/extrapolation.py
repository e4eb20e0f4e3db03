"""Splits that test extrapolation: test media differ from training media in a named way."""

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
"""Train `uptake_range` on media below this share of a substrate's range."""

FEW = 2
"""Train `few_to_many` on media with at most this many carbon sources."""

FEWEST_ROWS = 5
"""Fewest rows on either side of a split."""

BINDING = 1e-9
"""An uptake limit with a higher shadow price limits growth [1/h per mmol/gDW/h]."""


@dataclass(frozen=True, eq=False)
class Split:
    """Training media, test media, and what only the test media have.

    Attributes:
        name: Name of the split.
        train: Positions of the training media.
        test: Positions of the test media; a medium may be in neither.
        held_out: What no training medium has, as a phrase.
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
    """Split media by a named rule.

    - `random`: half of the media train; nothing is held out.
    - `uptake_range`: train on low uptakes of the first carbon source that varies, test on higher ones.
    - `leave_substrate_out`: train without one carbon source, test with it; successive seeds leave out successive ones.
    - `few_to_many`: train on one or two carbon sources, test on more.
    - `limitation_switch`: train where the O2 limit limits growth, test where only carbon does, according to the shadow
      price of the O2 limit in the linear program.

    Args:
        network: The network.
        media: One row for every medium; columns are exchanges, values the largest uptake ≥ 0 [mmol/gDW/h].
        name: Name of the split.
        seed: Seed of the draw, or number of the substrate to leave out.

    Raises:
        InputError: The split is unknown.
        TableError: The media cannot be used, or leave fewer than five rows on one side of the split.

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
            f"`media`: split {name!r} has {len(train)} training and {len(test)} test media; "
            f"expected at least {FEWEST_ROWS} each"
        )
    return Split(name, train, test, held_out)


Parts = tuple[np.ndarray, np.ndarray, str]
"""Positions of training and test media, and what is held out."""


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
"""All splits by name."""


def uptake_prices(network: NetworkLike, media: pd.DataFrame) -> pd.DataFrame:
    """Compute the shadow prices of uptake limits: the growth that one more unit of an uptake adds.

    Args:
        network: The network.
        media: One row for every medium, as for `simulate_fluxes` [mmol/gDW/h].

    Returns:
        Prices ≥ 0 in the columns of the media [1/h per mmol/gDW/h]; NaN for a medium without an optimum. A degenerate
        optimum has several valid prices; this is one.
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
            # Uptake is a negative flux: a negative reduced cost means that it is limited by its lower bound.
            prices[row] = np.maximum(-solution.reduced_costs[positions], 0.0)
    return pd.DataFrame(prices, index=media.index, columns=names)


def oxygen_exchange(network: NetworkLike) -> str:
    """Find the exchange of O2 by its formula.

    Raises:
        TableError: The network exchanges no O2.
    """
    network = as_network(network)
    found = find_exchanges(network, OXYGEN)
    if not found:
        raise TableError(f"{network.id!r} exchanges no O2; expected an exchange of formula O2 for 'limitation_switch'")
    return found[0]


def _sources(network: MetabolicNetwork, media: pd.DataFrame) -> pd.DataFrame:
    """Return the uptakes of the carbon sources among the columns, shape `[samples, sources]` [mmol/gDW/h]."""
    exchanges, uptakes = media_values(network, media)
    sources = carbon_sources(network, exchanges)
    if not sources:
        raise TableError("`media` names no carbon source; expected at least one, such as 'EX_glc__D_e'")
    return pd.DataFrame(uptakes, columns=exchanges)[list(sources)]


def _divide(trains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(trains), np.flatnonzero(~trains)
