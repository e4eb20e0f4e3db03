"""Values of a document from a file: each is checked to be of the type that its reader expects."""

from __future__ import annotations

import dataclasses
import math
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

Settings = TypeVar("Settings")

MOST = 2**53
"""Largest size of a number in a document: beyond it whole numbers are no longer exact."""


def as_text(value: object) -> str:
    """The value, which must be text that can be written as UTF-8.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{_shown(value)} where text is expected")
    return value


def as_texts(value: object) -> tuple[str, ...]:
    """The value, which must be a list of texts.

    Raises:
        ValueError: It is something else.
    """
    return tuple(as_text(entry) for entry in as_list(value))


def as_list(value: object) -> list[Any]:
    """The value, which must be a list, or the tuple that JSON would make one of.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{_shown(value)} where a list is expected")
    return list(value)


def as_mapping(value: object) -> dict[str, Any]:
    """The value, which must be a mapping; its names are those of JSON, texts.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{_shown(value)} where named values are expected")
    return {as_text(name): entry for name, entry in value.items()}


def as_number(value: object) -> float:
    """The value, which must be a finite number; True and False are none.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (isinstance(value, int) and abs(value) > MOST):
        raise ValueError(f"{_shown(value)} where a number is expected")
    if not math.isfinite(value):
        raise ValueError(f"{value} where a finite number is expected")
    return float(value)


def as_whole(value: object, least: int = 0, most: int = MOST) -> int:
    """The value, which must be a whole number between two others.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        limits = f" from {least} to {most}" if most < MOST else f" of {least} or more" if least > -MOST else ""
        raise ValueError(f"{_shown(value)} where a whole number{limits} is expected")
    return value


def as_settings(kind: type[Settings], value: object) -> Settings:
    """A dataclass of numbers and texts, made from named values; those that are missing keep their defaults.

    Raises:
        ValueError: A name that the dataclass lacks, or a value of another type than its field.
    """
    given, types = as_mapping(value), get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for name, entry in given.items():
        if name not in known:
            raise ValueError(f"{kind.__name__} has no setting {name!r}; expected {', '.join(known)}")
        try:
            _check_type(entry, get_args(types[name]) or (types[name],))
        except ValueError as error:
            raise ValueError(f"`{name}` is {error}") from error
    return kind(**given)


def _check_type(value: object, types: tuple[type, ...]) -> None:
    if (value is None and NoneType in types) or (isinstance(value, str) and str in types):
        return
    if isinstance(value, bool) and bool in types:
        return
    if float in types:
        as_number(value)
    elif int in types:
        as_whole(value, -MOST)
    else:
        raise ValueError(f"{_shown(value)} where {' or '.join(kind.__name__ for kind in types)} is expected")


def _shown(value: object) -> str:
    """A value for a message, cut: digits of a huge number are not even computed."""
    if isinstance(value, int) and abs(value) > MOST:
        return "a huge number"
    if isinstance(value, (list, dict)):
        return f"a {'list' if isinstance(value, list) else 'mapping'}"
    return repr(value)[:60]
