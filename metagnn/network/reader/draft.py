"""A model as its file states it, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from metagnn.network.gene_rule import GeneRule

MOST_ENTRIES = 200_000
"""Most metabolites and reactions that a file may hold: the largest universal models have half as many."""


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


@dataclass(frozen=True)
class DraftVariable:
    """A continuous variable beside the fluxes, such as the size of an enzyme pool.

    Attributes:
        id: Identifier.
        lower: Lower bound; None for none.
        upper: Upper bound; None for none.
    """

    id: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class DraftConstraint:
    """A linear constraint beside the balances: lower ≤ coefficients · fluxes ≤ upper.

    Attributes:
        id: Identifier.
        reactions: Coefficient of the flux of every reaction in it, or of its forward part where `backward` names it.
        lower: Lower limit; None for none.
        upper: Upper limit; None for none.
        variables: Coefficient of every further variable in it.
        backward: Coefficients of backward fluxes ≥ 0, where they are not minus those of the forward fluxes.
        balance: Metabolite whose balance it is, which the coefficients of the reactions then state.
    """

    id: str
    reactions: Mapping[str, float] = field(default_factory=dict)
    lower: float | None = None
    upper: float | None = None
    variables: Mapping[str, float] = field(default_factory=dict)
    backward: Mapping[str, float] = field(default_factory=dict)
    balance: str | None = None


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
        lost_objective: What the objective holds that is no flux, so that it cannot be kept; empty otherwise.
        constraints: Linear constraints beside the balances.
        variables: Continuous variables beside the fluxes.
    """

    id: str
    metabolites: Sequence[DraftMetabolite]
    reactions: Sequence[DraftReaction]
    genes: frozenset[str] = frozenset()
    minimised: bool = False
    notes: list[str] = field(default_factory=list)
    lost_objective: str = ""
    constraints: Sequence[DraftConstraint] = ()
    variables: Sequence[DraftVariable] = ()
