import dataclasses
import json
import math

import pytest

from metagnn.network.gene_rule import GeneRule
from metagnn.network.reader.dict_document import read_document
from metagnn.network.reader.draft import DraftConstraint, DraftMetabolite, DraftReaction, DraftVariable, ModelDraft
from metagnn.network.reader.draft_document import draft_from_document, draft_to_document


def passed(draft: ModelDraft) -> ModelDraft:
    return draft_from_document(json.loads(json.dumps(draft_to_document(draft))))


def test_every_field_passes_with_every_digit(toy):
    draft = dataclasses.replace(read_document(toy()), constraints=[], variables=[])
    assert passed(draft) == draft
    rule = GeneRule(
        "and", operands=(GeneRule("gene", "g1"), GeneRule("unreadable", "g2 xor", (GeneRule("gene", "g2"),)))
    )
    draft = ModelDraft(
        "m",
        [
            DraftMetabolite("a", "A\ud800", "c", "CO2", -0.1, True, {"kegg": ["C1", "C2"]}),
            DraftMetabolite("b", charge="2"),
        ],
        [DraftReaction("r", {"a": 0.1 + 0.2, "b": -1}, -math.inf, math.inf, "R", "s", rule, 1, False, True)],
        frozenset({"g1", "g2"}),
        True,
        ["a note"],
        "quadratic terms",
        [DraftConstraint("c", {"r": 1.0}, None, 2.0, {"v": 5e-324}, {"r": 2.0}, "a")],
        [DraftVariable("v", 0.0)],
    )
    assert passed(draft) == draft


def test_a_damaged_document_is_told():
    with pytest.raises(KeyError):
        draft_from_document({"id": "m"})
