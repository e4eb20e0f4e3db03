import pytest

from metagnn.errors import ModelWarning
from metagnn.network.gene_deletion import closed_by_genes
from metagnn.network.reaction import Reaction
from metagnn.network.reader.gene_rule_text import read_gene_rule

RULES = {"both": "g1 and g2", "either": "g1 or g2", "none": "", "odd": "g1 and (g2"}


def test_reactions_close_where_a_rule_cannot_be_met():
    table = [Reaction(name, gene_rule=read_gene_rule(text) if text else None) for name, text in RULES.items()]
    assert closed_by_genes(table[:3], {"g1"}) == [0]
    assert closed_by_genes(table[:3], {"g1", "g2"}) == [0, 1]
    assert closed_by_genes(table, set()) == []
    with pytest.warns(ModelWarning, match="knock-out of 'g1' cannot be trusted.*'odd'"):
        assert closed_by_genes(table, {"g1"}) == [0]
