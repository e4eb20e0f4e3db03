"""A model as its file states it, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from metagnn.network.gene_rule import GeneRule


@dataclass
class DraftMetabolite:
    """What a file says of a metabolite.

    Attributes:
        id: Identifier.
        name: Name in words.
        compartment: Identifier of its compartment; empty where the file gives none.
        formula: Whatever stands in the field.
        charge: Whatever stands in the field.
        boundary: Whether the file says that it lies outside the system and has no balance.
        annotation: Whatever names it in public databases; `read_identifiers` says what is understood.
    """

    id: str
    name: str = ""
    compartment: str = ""
    formula: object = None
    charge: object = None
    boundary: bool = False
    annotation: object = None


@dataclass
class DraftReaction:
    """What a file says of a reaction.

    Attributes:
        id: Identifier.
        coefficients: Coefficient of every metabolite, as stated.
        lower: Lower bound; None where the file gives none.
        upper: Upper bound; None where the file gives none.
        name: Name in words.
        subsystem: Pathway that the file files it under.
        rule: Gene rule, as text or already read.
        objective: Coefficient in the objective.
        reversible: Whether the file says that it runs both ways, where it gives no bounds.
        invented: Whether a reader added it, and the file does not hold it.
    """

    id: str
    coefficients: Mapping[str, object]
    lower: object = None
    upper: object = None
    name: str = ""
    subsystem: str = ""
    rule: str | GeneRule | None = None
    objective: object = 0.0
    reversible: bool = True
    invented: bool = False


@dataclass
class ModelDraft:
    """What a file says.

    Attributes:
        id: Name of the model.
        metabolites: In the order of the file.
        reactions: In the order of the file.
        genes: The genes that the file lists; empty where it lists none.
        minimised: Whether the objective is to be minimised.
        notes: What reading the format made up or lost, as sentences.
    """

    id: str
    metabolites: Sequence[DraftMetabolite]
    reactions: Sequence[DraftReaction]
    genes: frozenset[str] = frozenset()
    minimised: bool = False
    notes: list[str] = field(default_factory=list)
