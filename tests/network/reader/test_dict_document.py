import gc
import json

import pytest
import yaml

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.dict_document import read_document, read_json, read_yaml


def ordered(node):
    """The document as RAVEN and cobra write it: every map a list of one-entry maps with a tag."""
    if isinstance(node, dict):
        return yaml.SequenceNode(
            "tag:yaml.org,2002:omap",
            [yaml.MappingNode("tag:yaml.org,2002:map", [(scalar(k), ordered(v))]) for k, v in node.items()],
        )
    if isinstance(node, list):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", [ordered(item) for item in node])
    return scalar(node)


def scalar(value):
    return yaml.SafeDumper("").represent_data(value)


def test_yaml_with_and_without_ordered_maps_is_the_json_model(toy):
    document = toy(reactions={4: {"lower_bound": 1e-05}})
    expected = assemble(read_json(json.dumps(document).encode()))
    for text in (yaml.safe_dump(document), yaml.serialize(ordered(document))):
        network = assemble(read_yaml(text.encode()))
        assert network.fingerprint == expected.fingerprint
        assert network.metabolite_table == expected.metabolite_table
        assert network.reaction_table == expected.reaction_table
        assert network.notes == ()
    assert gc.isenabled()


def test_words_that_yaml_takes_for_others_stay_words(toy):
    text = yaml.safe_dump(toy()).replace("formula: CO2", "formula: NO").replace("glc_c", "no")
    network = assemble(read_yaml(text.encode()))
    assert "no" in network.metabolites
    assert network.metabolite_table[2].formula == {"N": 1.0, "O": 1.0}


def test_a_list_of_one_gene_is_a_list(toy):
    document = toy() | {"genes": [{"id": "g1"}]}
    assert read_yaml(yaml.serialize(ordered(document)).encode()).genes == {"g1"}


def test_json_infinities_and_byte_order_marks(toy):
    content = json.dumps(toy(reactions={3: {"lower_bound": "-inf", "upper_bound": float("inf")}})).encode()
    network = assemble(read_json(b"\xef\xbb\xbf" + content))
    assert (network.bounds.lower[3], network.bounds.upper[3]) == (-float("inf"), float("inf"))


@pytest.mark.parametrize("document", [[1], {}, {"reactions": []}, {"reactions": {}, "metabolites": "a"}, "text", None])
def test_other_documents_are_no_models(document):
    with pytest.raises(ValueError, match=r"it holds no 'reactions'|are no list"):
        read_document(document)


def test_metabolites_of_a_reaction_are_a_map(toy):
    with pytest.raises(NetworkError, match="the metabolites of reaction 'BURN' are"):
        read_document(toy(reactions={4: {"metabolites": ["glc_c"]}}))


def test_anchors_that_unfold_without_end_are_refused():
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [" % (n, n) + b", ".join([b"*a%d" % (n - 1)] * 9) + b"]" for n in range(1, 12)]
    with pytest.raises(NetworkError, match="its anchors unfold to more than the file holds"):
        read_yaml(b"\n".join([*lines, b"metabolites: *a11", b"reactions: []"]))
