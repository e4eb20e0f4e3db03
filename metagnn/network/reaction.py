"""One reaction of a network, without its coefficients and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from metagnn.network.gene_rule import GeneRule


@dataclass(frozen=True)
class Reaction:
    """Name, subsystem and genes of one reaction; the network's arrays hold its coefficients and bounds.

    Attributes:
        id: Identifier.
        name: Readable name.
        subsystem: Pathway.
        gene_rule: Genes it needs; None for a spontaneous or unassigned reaction.
    """

    id: str
    name: str = ""
    subsystem: str = ""
    gene_rule: GeneRule | None = None
