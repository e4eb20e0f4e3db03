"""Random knockouts in a table of media, to train a model on missing reactions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from metagnn.errors import InputError
from metagnn.fba.single_deletion import dispensable_reactions
from metagnn.network.knockout import KNOCKOUT, SEPARATOR
from metagnn.network.network_like import NetworkLike, as_network


def random_knockouts(
    network: NetworkLike,
    media: pd.DataFrame,
    fraction: float = 0.5,
    most: int = 2,
    seed: int = 0,
    among: Sequence[str] | None = None,
    exclude: Collection[str] = (),
) -> pd.DataFrame:
    """Add a column `knockout` to media: some samples lack 1 to `most` reactions, each number equally likely.

    Growth is not checked: a sample that cannot grow gets no label and is left out of training.

    Args:
        network: The network.
        media: Largest uptakes, one row per sample [mmol/gDW/h].
        fraction: Share of the samples with knockouts.
        most: Largest number of knockouts per sample.
        seed: Seed of the draw.
        among: Reactions to choose from; by default those of `dispensable_reactions`.
        exclude: Reactions never to choose, such as those reserved for a test.

    Raises:
        InputError: The share is outside [0, 1], or there are fewer reactions to choose from than `most`.
        NetworkError: A reaction is unknown.
        TableError: The media cannot be used.
    """
    network = as_network(network)
    if not 0 <= fraction <= 1:
        raise InputError(f"`fraction` is {fraction}; expected a share from 0 to 1")
    # Resolve aliases.
    excluded = {network.reaction_index(name) for name in exclude}
    chosen = dispensable_reactions(network, media) if among is None else among
    pool = [name for name in chosen if network.reaction_index(name) not in excluded]
    if not 1 <= most <= len(pool):
        raise InputError(f"`most` is {most}; expected 1 to {len(pool)}, the reactions to choose from")
    random = np.random.default_rng(seed)
    texts = [""] * len(media)
    for row in np.flatnonzero(random.random(len(media)) < fraction):
        texts[row] = SEPARATOR.join(random.choice(pool, size=random.integers(1, most + 1), replace=False))
    return media.assign(**{KNOCKOUT: texts})
