"""Knockouts: the reactions that are missing in every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from metagnn.errors import TableError, unknown_name
from metagnn.network.metabolic_network import MetabolicNetwork

KNOCKOUT = "knockout"
"""Column of a table that holds the knockouts."""

SEPARATOR = ";"
"""Written between knockouts; a comma and a space are read too."""


@dataclass(frozen=True, eq=False)
class Knockouts:
    """Reactions that are knocked out in samples; a wild type has none.

    Attributes:
        reactions: Positions of the reactions that are knocked out in any sample.
        closed: Which of them are knocked out in each sample, boolean, shape `[samples, reactions named]`.
    """

    reactions: np.ndarray
    closed: np.ndarray

    @classmethod
    def from_mask(cls, mask: Tensor | None, samples: int) -> Knockouts:
        """Build from a boolean mask, shape `[samples, reactions]`; None means wild types only."""
        if mask is None:
            return no_knockouts(samples)
        missing = mask.cpu().numpy()
        reactions = np.flatnonzero(missing.any(axis=0))
        return cls(reactions, missing[:, reactions])

    def to_mask(self, reactions: int) -> Tensor | None:
        """Return a boolean mask over all reactions, shape `[samples, reactions]`; None if all are wild types."""
        if not len(self.reactions):
            return None
        mask = torch.zeros(len(self.closed), reactions, dtype=torch.bool)
        mask[:, torch.from_numpy(self.reactions)] = torch.from_numpy(self.closed)
        return mask

    def rows(self, index: slice | np.ndarray) -> Knockouts:
        """Return the knockouts of some samples."""
        return Knockouts(self.reactions, self.closed[index])

    def close(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Set the bounds of missing reactions to zero, in place.

        Args:
            lower: Lower bounds, shape `[samples, reactions]` [mmol/gDW/h].
            upper: Upper bounds, the same shape.
        """
        sample, place = np.nonzero(self.closed)
        lower[sample, self.reactions[place]] = upper[sample, self.reactions[place]] = 0.0


def no_knockouts(samples: int) -> Knockouts:
    """Return wild types only."""
    return Knockouts(np.zeros(0, dtype=np.int64), np.zeros((samples, 0), dtype=bool))


def read_knockouts(network: MetabolicNetwork, texts: Sequence[str]) -> Knockouts:
    """Read the knockouts of many samples.

    All named genes of a sample are removed together: a reaction closes if its gene rule can no longer be met, as in
    `MetabolicNetwork.knock_out`.

    Args:
        network: The network.
        texts: Ids of reactions or genes per sample, separated by ";", "," or spaces; empty for the wild type.

    Raises:
        TableError: An id is neither a reaction nor a gene; the message names its row and the nearest ids.

    >>> from metagnn.network import load_network
    >>> network = load_network("e_coli_core")
    >>> knockouts = read_knockouts(network, ["", "PGI; b1779"])
    >>> [network.reactions[index] for index in knockouts.reactions], knockouts.closed.tolist()
    (['GAPD', 'PGI'], [[False, False], [True, True]])
    """
    genes, known = frozenset(network.genes), frozenset(network.own_reactions) | frozenset(network.aliases)
    # Evaluate each distinct text once: a gene costs a pass over every rule.
    missing: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        if text in missing:
            continue
        names = split_ids(text, known | genes)
        for name in names:
            if name not in known and name not in genes:
                what = unknown_name(name, [*network.own_reactions, *network.genes], f"reaction or gene of {network.id}")
                raise TableError(f"column {KNOCKOUT!r}, row {row}: {what}")
        missing[text] = network.closed_by(
            [name for name in names if name in known], [name for name in names if name not in known]
        )
    reactions = np.array(sorted({index for closed in missing.values() for index in closed}), dtype=np.int64)
    patterns = {text: np.isin(reactions, closed) for text, closed in missing.items()}
    closed = np.array([patterns[text] for text in texts], dtype=bool).reshape(len(texts), len(reactions))
    return Knockouts(reactions, closed)


def split_ids(text: str, ids: frozenset[str]) -> list[str]:
    """The ids in a text; one that holds a comma or a space itself is not cut."""
    parts = [text]
    for separator in (SEPARATOR, ",", None):
        parts = [piece for part in parts for piece in ([part] if part.strip() in ids else part.split(separator))]
    return [part.strip() for part in parts if part.strip()]
