"""Gene–protein–reaction rules: which genes a reaction needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from metagnn.plain_values import as_list, as_text

KINDS = ("gene", "and", "or", "unreadable")
"""What a rule can be."""


@dataclass(frozen=True)
class GeneRule:
    """A boolean rule over genes: one gene, or an "and" (complex) or "or" (isoenzymes) of rules.

    A rule of the kind "unreadable" keeps a text that was not understood as its name, and the genes that the text
    names as its operands; it never closes a reaction.

    >>> rule = GeneRule("or", operands=(GeneRule("gene", name="b1"), GeneRule("gene", name="b2")))
    >>> rule.active({"b1"}), rule.active({"b1", "b2"})
    (True, False)
    """

    kind: str
    name: str = ""
    operands: tuple[GeneRule, ...] = ()

    def active(self, knocked_out: Collection[str]) -> bool:
        """Return whether the reaction still works without some genes."""
        if self.kind == "gene":
            return self.name not in knocked_out
        if self.kind == "unreadable":
            return True
        test = all if self.kind == "and" else any
        return test(operand.active(knocked_out) for operand in self.operands)

    def genes(self) -> frozenset[str]:
        """Return every gene that the rule names."""
        own = {self.name} if self.kind == "gene" else set()
        return frozenset(own.union(*(operand.genes() for operand in self.operands)))

    def to_list(self) -> list[object]:
        """Return the rule as nested lists that JSON can hold."""
        return [self.kind, self.name, [operand.to_list() for operand in self.operands]]

    @classmethod
    def from_list(cls, document: list) -> GeneRule:
        """Return the rule that `to_list` wrote.

        Raises:
            ValueError: It is no such list.
        """
        kind, name, operands = as_list(document)
        if kind not in KINDS:
            raise ValueError(f"{kind!r:.60} where one of {', '.join(KINDS)} is expected")
        return cls(kind, as_text(name), tuple(cls.from_list(operand) for operand in as_list(operands)))
