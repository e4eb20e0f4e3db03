import dataclasses

import pytest

from metagnn.network import GeneRule, Reaction


def test_a_reaction_needs_an_id_alone_and_is_frozen():
    bare = Reaction("PFK")
    assert bare == Reaction("PFK", "", "", None)
    assert bare != dataclasses.replace(bare, gene_rule=GeneRule("gene", name="b1"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        bare.name = "phosphofructokinase"  # type: ignore[misc]
