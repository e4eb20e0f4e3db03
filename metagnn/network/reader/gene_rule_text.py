"""Read gene rules as text: "b1 and (b2 or b3)"."""

from __future__ import annotations

import re

from metagnn.network.gene_rule import GeneRule

_TOKEN = re.compile(r"\(|\)|&&?|\|\|?|[^\s()&|]+")
_OPERATORS = {"and": "and", "&": "and", "&&": "and", "or": "or", "|": "or", "||": "or"}
_NO_GENE = re.compile(r"[,;!]|^(not|xor)$", re.IGNORECASE)
MOST_NESTED = 50


def read_gene_rule(text: str) -> GeneRule | None:
    """Return the rule that a text states; None if it is empty.

    "and" binds tighter than "or". A text that is not understood gives a rule of the kind "unreadable", which keeps
    the text and the genes that it names.

    >>> read_gene_rule("b1 and (b2 or b3)").active({"b2"}), read_gene_rule("(b1 and b2").kind
    (True, 'unreadable')
    """
    tokens = _TOKEN.findall(text)
    if not tokens or not re.search(r"[^\s()]", text):
        return None
    reader = _Reader(tokens)
    rule = reader.either()
    if rule is not None and reader.done:
        return rule
    words = (word for token in tokens for word in re.split(r"[,;!()]", token))
    names = dict.fromkeys(
        word for word in words if word and word.lower() not in _OPERATORS and not _NO_GENE.search(word)
    )
    return GeneRule("unreadable", name=text, operands=tuple(GeneRule("gene", name=name) for name in names))


class _Reader:
    """Recursive descent; every method answers None where it finds no rule."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._place, self._depth = tokens, 0, 0

    @property
    def done(self) -> bool:
        return self._place == len(self._tokens)

    def either(self) -> GeneRule | None:
        return self._chain("or")

    def _chain(self, kind: str) -> GeneRule | None:
        operands = []
        while True:
            operand = self._chain("and") if kind == "or" else self._single()
            if operand is None:
                return None
            operands.append(operand)
            if self.done or _OPERATORS.get(self._tokens[self._place].lower()) != kind:
                return operands[0] if len(operands) == 1 else GeneRule(kind, operands=tuple(operands))
            self._place += 1

    def _single(self) -> GeneRule | None:
        if self.done or self._depth > MOST_NESTED:
            return None
        token = self._tokens[self._place]
        if token == ")" or token.lower() in _OPERATORS or _NO_GENE.search(token):
            return None
        self._place += 1
        if token != "(":
            return GeneRule("gene", name=token)
        self._depth += 1
        inner = self.either()
        self._depth -= 1
        if inner is None or self.done or self._tokens[self._place] != ")":
            return None
        self._place += 1
        return inner
