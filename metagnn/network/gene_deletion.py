"""Find the reactions that close when genes are removed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from metagnn.errors import ModelWarning
from metagnn.network.reaction import Reaction


def closed_by_genes(reactions: Sequence[Reaction], genes: set[str]) -> list[int]:
    """Return the positions of the reactions whose gene rules can no longer be met.

    Args:
        reactions: The reactions of a network.
        genes: The genes that are removed.

    Warns:
        ModelWarning: A gene of a rule that could not be read: its reaction stays open.
    """
    closed = []
    for index, reaction in enumerate(reactions):
        if not genes or reaction.gene_rule is None:
            continue
        if not reaction.gene_rule.active(genes):
            closed.append(index)
        elif reaction.gene_rule.kind == "unreadable" and (named := sorted(genes & reaction.gene_rule.genes())):
            warnings.warn(
                f"the knock-out of {', '.join(map(repr, named))} cannot be trusted: the gene rule of "
                f"{reaction.id!r} is not understood ({reaction.gene_rule.name!r}), so the reaction stays open",
                ModelWarning,
                stacklevel=4,
            )
    return closed
