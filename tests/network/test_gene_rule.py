import itertools

import cobra
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import GeneRule, MetabolicNetwork

GENES = ("b1", "b2", "b3")
rules = st.recursive(
    st.sampled_from([GeneRule("gene", name=gene) for gene in GENES]),
    lambda inner: st.builds(
        lambda kind, operands: GeneRule(kind, operands=tuple(operands)),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def as_text(rule: GeneRule) -> str:
    return rule.name if rule.kind == "gene" else "(" + f" {rule.kind} ".join(map(as_text, rule.operands)) + ")"


@settings(max_examples=25, deadline=None)
@given(rule=rules)
def test_rules_agree_with_cobra_on_every_set_of_genes(rule):
    reference = cobra.core.gene.GPR.from_string(as_text(rule))
    assert rule.genes() == reference.genes
    for size in range(len(GENES) + 1):
        for missing in itertools.combinations(GENES, size):
            assert rule.active(missing) == reference.eval(set(missing))


@settings(max_examples=25, deadline=None)
@given(rule=rules)
def test_rules_survive_the_round_trip(rule):
    assert GeneRule.from_list(rule.to_list()) == rule


def test_core_names_all_genes_of_its_rules(core: MetabolicNetwork):
    assert len(core.genes) == 137
    assert core.genes == tuple(sorted(core.genes))
    by_id = {reaction.id: reaction for reaction in core.reaction_table}
    assert by_id["PFK"].gene_rule.genes() == {"b3916", "b1723"}
    assert by_id["EX_glc__D_e"].gene_rule is None
