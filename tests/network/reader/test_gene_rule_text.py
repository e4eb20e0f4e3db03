import itertools

import cobra
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import GeneRule
from metagnn.network.reader.gene_rule_text import read_gene_rule

GENES = ("b1", "b2", "b3")
texts = st.recursive(
    st.sampled_from(GENES),
    lambda inner: st.lists(inner, min_size=2, max_size=3).flatmap(
        lambda parts: st.sampled_from([" and ", " or "]).map(lambda word: f"({word.join(parts)})")
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(left=texts, right=texts, word=st.sampled_from(["and", "or"]))
def test_rules_mean_what_they_mean_to_cobra(left, right, word):
    text = f"{left} {word} {right} or b1"
    rule, reference = read_gene_rule(text), cobra.core.gene.GPR.from_string(text)
    assert rule.genes() == reference.genes
    for size in range(len(GENES) + 1):
        for missing in itertools.combinations(GENES, size):
            assert rule.active(missing) == reference.eval(set(missing))


@pytest.mark.parametrize("text", ["b1 AND (b2 OR b3)", "b1 & (b2 | b3)", "b1 && (b2 || b3)", "((b1) and (b2 or b3))"])
def test_operators_in_other_spellings(text):
    assert read_gene_rule(text) == read_gene_rule("b1 and (b2 or b3)")


def test_ids_may_hold_anything_but_spaces_and_parentheses():
    assert read_gene_rule("g1@c or YAL-012.W:2").genes() == {"g1@c", "YAL-012.W:2"}


@pytest.mark.parametrize("text", ["", "  ", "()"])
def test_nothing_is_no_rule(text):
    assert read_gene_rule(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "((b1 and b2) and (b1 and b3)",
        "b1 and",
        "or b1",
        "b1 b2",
        "b1, b2",
        "not b1",
        "b1 and (b2 or )",
        "b1) or (b2",
        "(" * 500 + "b1",
    ],
)
def test_a_text_that_is_not_understood_keeps_its_genes_and_closes_nothing(text):
    rule = read_gene_rule(text)
    assert (rule.kind, rule.name) == ("unreadable", text)
    assert "b1" in rule.genes() <= set(GENES)
    assert rule.active(rule.genes())
    assert GeneRule.from_list(rule.to_list()) == rule
