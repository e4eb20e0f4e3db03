import pytest

from metagnn import choices
from metagnn.inputs.kinds import KINDS
from metagnn.models.constraint import CONSTRAINTS


@pytest.mark.parametrize(
    ("offered", "known"), [(choices.CONSTRAINTS, CONSTRAINTS), (choices.INPUTS, KINDS)], ids=["constraint", "inputs"]
)
def test_every_choice_has_its_class_and_every_class_is_offered(offered: dict, known: dict):
    # The names live apart from the classes, so that `--help` need not import the library.
    assert set(offered) == set(known)
    assert all(known[name].name == name for name in known)


def test_meanings_are_described_by_name():
    assert choices.described({"a": "first", "b": "second"}) == "a: first; b: second"
