"""One reaction of a network, without its coefficients and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from metagnn.network.gene_rule import GeneRule

REACTION, SLACK, VARIABLE, SPLIT = "reaction", "slack", "variable", "split"
"""What a column is: a reaction, the slack of a further constraint, a further variable of the model, or the slack (zero)
of a row that splits a flux into its forward and its backward part."""

ROLES = (REACTION, SLACK, VARIABLE, SPLIT)


@dataclass(frozen=True)
class Reaction:
    """Name, subsystem and genes of one reaction; the network's arrays hold its coefficients and bounds.

    Attributes:
        id: Identifier.
        name: Readable name.
        subsystem: Pathway.
        gene_rule: Genes it needs; None for a spontaneous or unassigned reaction.
        role: "reaction", or "slack", "variable" and "split" for columns that serve further constraints.
    """

    id: str
    name: str = ""
    subsystem: str = ""
    gene_rule: GeneRule | None = None
    role: str = REACTION

    @property
    def is_own(self) -> bool:
        """Whether it is a reaction of the model."""
        return self.role == REACTION
