import json
import random

import pytest

from tests.faults.mutations import mutate_bytes, mutate_document, mutate_tokens

DOCUMENT = {"a": [1, 2.5, {"b": "text"}], "c": None}
TEXT = json.dumps(DOCUMENT).encode()


@pytest.mark.parametrize(
    "mutate", [lambda rng: mutate_bytes(rng, TEXT, [b"other"]), lambda rng: mutate_tokens(rng, TEXT)]
)
def test_a_seed_gives_the_same_bytes_and_most_seeds_others(mutate):
    found = [mutate(random.Random(seed)) for seed in range(100)]
    assert found == [mutate(random.Random(seed)) for seed in range(100)]
    assert len(set(found)) > 60
    assert sum(content == TEXT for content in found) < 20


def test_a_document_is_changed_in_a_copy():
    found = [mutate_document(random.Random(seed), DOCUMENT) for seed in range(60)]
    assert DOCUMENT == {"a": [1, 2.5, {"b": "text"}], "c": None}
    assert sum(repr(document) == repr(DOCUMENT) for document in found) < 10
    assert any("b" not in str(document.get("a")) for document in found if isinstance(document, dict))
