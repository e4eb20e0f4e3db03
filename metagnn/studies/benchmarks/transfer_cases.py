"""Media to train a model on, and networks to try it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cobra.io
import numpy as np
import pandas as pd

from metagnn.datasets.knockouts import random_knockouts
from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES, IJO1366_RANGES
from metagnn.errors import TableError
from metagnn.fba.single_deletion import dispensable_reactions
from metagnn.network.compression import compress
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

HELD_OUT = 0.25
"""Share of the groups of reactions whose knockouts are never trained on."""

REMOVED = 4
"""Reactions that the smaller network lacks."""

DISTANCE = 1000
"""Difference between the seed of the training media and that of the test media."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A network other than that of the training, to try a model on.

    Attributes:
        name: What differs from the training, in words.
        target: The network.
        test: Its media.
        renamed: Reactions of the trained network that have another name there.
    """

    name: str
    target: MetabolicNetwork
    test: pd.DataFrame
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a model is trained.

    Attributes:
        network: The network.
        augmented: Media, half of them with knockouts.
        plain: The same without.
        trials: Where to try it.
    """

    network: MetabolicNetwork
    augmented: pd.DataFrame
    plain: pd.DataFrame
    trials: tuple[Trial, ...]


def core_origin(media: int, test_media: int, seed: int) -> Origin:
    """Train on e_coli_core; try knockouts that training never had, and a network without some of these reactions."""
    core = load_network("e_coli_core")
    plain = uniform_media(E_COLI_CORE_RANGES, media, seed)
    held_out = held_out_reactions(core, plain, seed)
    test = uniform_media(E_COLI_CORE_RANGES, test_media, seed + DISTANCE)
    knockouts = random_knockouts(core, test, fraction=1.0, seed=seed + DISTANCE, among=held_out)
    trials = (
        Trial("knockouts never seen in training", core, knockouts),
        Trial(f"e_coli_core without {REMOVED} reactions", _smaller_core(core, plain, held_out, seed), test),
    )
    return Origin(core, random_knockouts(core, plain, seed=seed, exclude=held_out), plain, trials)


def genome_scale_origin(media: int, test_media: int, seed: int) -> Origin:
    """Train on iJO1366, try on Salmonella (iYS1720)."""
    source, target = load_network("iJO1366"), load_network("salmonella")
    plain = uniform_media(IJO1366_RANGES, media, seed)
    test = uniform_media(IJO1366_RANGES, test_media, seed + DISTANCE)
    trial = Trial("iJO1366 → salmonella", target, test, {source.growth_reaction: target.growth_reaction})
    return Origin(source, random_knockouts(source, plain, seed=seed), plain, (trial,))


def held_out_reactions(network: MetabolicNetwork, media: pd.DataFrame, seed: int) -> tuple[str, ...]:
    """Draw a quarter of the dispensable reactions, in whole groups of those that always move together.

    Reactions that can carry no flux are in no group: knocking one out changes nothing.
    """
    compression = compress(network.stoichiometry, *_widest_bounds(network, media))
    groups: dict[int, list[str]] = {}
    for name in dispensable_reactions(network, media):
        group = int(compression.coupled.group[network.reaction_index(name)])
        if group >= 0:
            groups.setdefault(group, []).append(name)
    order = np.random.default_rng([seed, 2]).permutation(list(groups))
    chosen = order[: max(1, round(HELD_OUT * len(order)))]
    return tuple(name for group in chosen for name in groups[int(group)])


def _widest_bounds(network: MetabolicNetwork, media: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = network.uptake_bounds([str(name) for name in media.columns], media.to_numpy())
    return lower.min(axis=0), upper.max(axis=0)


def _smaller_core(
    core: MetabolicNetwork, media: pd.DataFrame, held_out: tuple[str, ...], seed: int
) -> MetabolicNetwork:
    """Remove some reactions from e_coli_core, and the metabolites that only they touch, so that it still grows."""
    random = np.random.default_rng([seed, 3])
    for _ in range(100):
        removed = [str(name) for name in random.choice(held_out, size=min(REMOVED, len(held_out)), replace=False)]
        try:
            # Each is dispensable alone; all together they may not be.
            dispensable_reactions(core.knock_out(removed), media)
        except TableError:
            continue
        model = cobra.io.load_model("textbook")
        model.remove_reactions(removed, remove_orphans=True)
        return load_network(model)
    raise TableError("no four of the held-out reactions can be removed together; try another seed")
