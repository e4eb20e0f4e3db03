import json

import pytest

from metagnn.inputs.names import InputNames

NAMES = InputNames(("EX_a",), ("sample", "EX_a"))


def test_a_document_brings_the_names_back_whatever_else_it_holds():
    document = json.loads(json.dumps(NAMES.to_document()))
    assert InputNames.from_document(document | {"format": 2}) == NAMES


@pytest.mark.parametrize("change", [{"exchanges": None}, {"columns": 3}])
def test_a_damaged_document_holds_no_names(change: dict):
    document = NAMES.to_document()
    with pytest.raises(ValueError, match="where a"):
        InputNames.from_document(document | change)
    for name in document:
        with pytest.raises(KeyError, match=name):
            InputNames.from_document({key: value for key, value in document.items() if key != name})
