import argparse

import pytest

from metagnn.cli.argument_types import at_least, devices, level, numbers


def test_what_is_valid_is_read():
    assert level("0.9") == 0.9
    assert (devices("auto"), devices("2")) == ("auto", 2)
    assert numbers("5,1e1") == [5.0, 10.0]
    assert at_least(0)("0") == 0


@pytest.mark.parametrize("text", ["1", "0", "-0.5", "nan", "much", "90%"])
def test_a_level_lies_between_0_and_1(text: str):
    with pytest.raises(argparse.ArgumentTypeError, match="is no level; expected a number between 0 and 1"):
        level(text)


def test_what_is_not_valid_is_refused():
    with pytest.raises(argparse.ArgumentTypeError, match="'5;1' is not a list of numbers"):
        numbers("5;1")
    with pytest.raises(argparse.ArgumentTypeError, match="0 is too small; expected at least 1"):
        devices("0")
