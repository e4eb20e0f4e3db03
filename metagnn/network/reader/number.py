"""Read a number that a model states, whatever stands there."""

from __future__ import annotations

import math
import reprlib

from metagnn.errors import NetworkError

TOO_LARGE = 1e15
"""Size from which on a coefficient is no number of molecules: what 64-bit numbers add to it is lost [mmol]."""


def read_number(value: object) -> float:
    """Return a number, or the number that a text states; NaN for anything else, such as a truth value.

    >>> read_number("1e-3"), read_number(10**400), read_number(True)
    (0.001, inf, nan)
    """
    if isinstance(value, bool):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]
    except (TypeError, ValueError):
        return math.nan


def read_coefficient(value: object, what: str) -> float:
    """Return a coefficient.

    Args:
        value: What the model states.
        what: What it is, with its name, for the message.

    Raises:
        NetworkError: No number, or one of `TOO_LARGE` or more.
    """
    number = read_number(value)
    if not abs(number) < TOO_LARGE:
        raise NetworkError(f"{what} is {reprlib.repr(value)}; expected a number below {TOO_LARGE:g}")
    return number
