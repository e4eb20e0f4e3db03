import copy
import json
import pickle
import warnings

import pytest

from metagnn.errors import ModelWarning, NetworkError
from metagnn.network import network_from_document, network_to_document
from metagnn.network.knockout import read_knockouts
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.dict_document import read_document


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reactions": {4: {"metabolites": {"glc_c": -1, "zzz": 1}}}}, "reaction 'BURN' uses metabolite 'zzz'"),
        ({"reactions": {4: {"metabolites": {"glc_c": "one"}}}}, "coefficient of 'glc_c' in reaction 'BURN' is 'one'"),
        ({"reactions": {4: {"metabolites": {"glc_c": float("nan")}}}}, "coefficient of 'glc_c' in reaction 'BURN'"),
        ({"reactions": {4: {"id": "BIO"}}}, "reaction 'BIO' stands twice"),
        ({"metabolites": {1: {"id": "glc_e"}}}, "metabolite 'glc_e' stands twice"),
        ({"reactions": {5: {"objective_coefficient": "x"}}}, "objective coefficient of reaction 'BIO' is 'x'"),
    ],
)
def test_what_cannot_be_is_named(changes, message, toy):
    with pytest.raises(NetworkError, match=message):
        assemble(read_document(toy(**changes)))


RULE = "((g1 and g2) and (g1 and g3)"


def test_an_unreadable_gene_rule_is_said_and_no_gene_vanishes(toy):
    network = assemble(read_document(toy(reactions={4: {"gene_reaction_rule": RULE}})))
    assert network.genes == ("g1", "g2", "g3")
    assert network.notes == (
        f"1 gene rule not understood: 'BURN' ({RULE!r}); knock-outs of the genes that they name cannot be trusted",
    )
    with pytest.warns(ModelWarning, match="knock-out of 'g2' cannot be trusted: the gene rule of 'BURN'"):
        assert network.knock_out(genes=["g2"]).bounds.upper[4] == 1000.0
    with pytest.warns(ModelWarning, match="'BURN'"):
        read_knockouts(network, ["g1"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.knock_out(reactions=["BURN"])


def test_genes_that_the_model_does_not_list_are_said(toy):
    network = assemble(read_document(toy(reactions={4: {"gene_reaction_rule": "g1@c or g1@m"}})))
    assert network.notes == (
        "1 gene rule of genes that the model does not list: 'BURN' ('g1@c or g1@m') needs 'g1@c', 'g1@m'",
    )
    assert network.closed_by(genes=["g1@c", "g1@m"]) == [4]


def test_growth_can_be_chosen_where_the_model_names_none_or_several(toy):
    none = toy(reactions={5: {"objective_coefficient": 0, "name": "growth"}})
    assert assemble(read_document(none)).notes == (
        "no objective, so that no reaction is growth; choose `growth`, such as 'BIO'",
    )
    several = toy(reactions={4: {"objective_coefficient": 1}})
    assert "the objective has 2 reactions ('BURN', 'BIO')" in assemble(read_document(several)).notes[0]
    for document in (none, several, toy()):
        network = assemble(read_document(document), growth="BURN")
        assert (network.growth_reaction, network.notes) == ("BURN", ())
    with pytest.raises(NetworkError, match="`growth`: 'BI' is no reaction of toy; did you mean 'BIO'"):
        assemble(read_document(none), growth="BI")


def test_notes_travel_with_the_network(toy):
    network = assemble(read_document(toy(metabolites={0: {"charge": "0"}})))
    assert len(network.notes) == 1
    document = json.loads(json.dumps(network_to_document(network)))
    for other in (
        network_from_document(document),
        pickle.loads(pickle.dumps(network)),
        copy.deepcopy(network),
        network.with_medium({"EX_glc_e": 1.0}),
        network.knock_out(reactions=["BIO"]),
    ):
        assert other.notes == network.notes
    del document["notes"]
    assert network_from_document(document).notes == ()
