"""What the text of an option may be; a wrong one ends the command in one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def level(text: str) -> float:
    """A probability between 0 and 1."""
    try:
        level = float(text)
    except ValueError:
        level = float("nan")
    if not 0 < level < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no level; expected a number between 0 and 1, such as 0.9")
    return level


def devices(text: str) -> int | str:
    """A number of devices, or "auto"."""
    return text if text == "auto" else at_least(1)(text)


def numbers(text: str) -> list[float]:
    """Numbers with commas between."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers; expected, for example, 5,10,20") from None


def at_least(smallest: int) -> Callable[[str], int]:
    """A reader of whole numbers from the smallest allowed."""

    def convert(text: str) -> int:
        value = int(text)
        if value < smallest:
            raise argparse.ArgumentTypeError(f"{value} is too small; expected at least {smallest}")
        return value

    convert.__name__ = "whole number"
    return convert
