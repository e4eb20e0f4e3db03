"""Random knockouts of the samples of a table: what teaches a model how a network answers to a missing reaction."""

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
    """The media with a column `knockout`: some samples go without one or more reactions, each as likely.

    Which reactions a pair of knockouts or a poor medium needs is not asked: a sample that cannot grow gets no label
    and is left out of training.

    Args:
        network: The network.
        media: Largest uptakes, one row a sample [mmol/gDW/h].
        fraction: Share of the samples with knockouts.
        most: Largest number of knockouts of a sample.
        seed: Seed of the draw.
        among: Reactions to choose from; by default those of `dispensable_reactions`.
        exclude: Reactions that are never chosen, such as those that a test asks for.

    Raises:
        InputError: A share outside [0, 1], or fewer reactions to choose from than `most`.
        NetworkError: An unknown reaction.
        TableError: Media that cannot be used.
    """
    network = as_network(network)
    if not 0 <= fraction <= 1:
        raise InputError(f"`fraction` is {fraction}; expected a share from 0 to 1")
    # Aliases name the same reaction.
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
