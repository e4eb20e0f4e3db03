import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader.assemble import assemble
from metagnn.network.reader.dict_document import read_document
from metagnn.network.reader.plain_text import check_ids, plain


@pytest.mark.parametrize("name", ["é\0", "a\nb", "\x1b[31m", "\ud800", " ", "\u2028", "\x9b"])
def test_ids_hold_no_control_characters(name, toy):
    with pytest.raises(NetworkError) as error:
        assemble(read_document(toy(reactions={4: {"id": name}})))
    assert f"a reaction has the id {name!r}; expected letters" in str(error.value)
    assert str(error.value).isprintable()


def test_an_id_stands_once():
    check_ids("reaction", ["a", "b c", "é", "a\u00a0b"])
    with pytest.raises(NetworkError, match="reaction 'a' stands twice"):
        check_ids("reaction", ["a", "a"])


def test_names_are_made_plain(toy):
    network = assemble(read_document(toy(reactions={4: {"name": "a\nb\ud800"}}) | {"id": "\x1b[2J"}))
    assert network.reaction_table[4].name == "a�b�"
    assert network.id == "�[2J"
    assert plain("a\u00a0b é") == "a\u00a0b é"
