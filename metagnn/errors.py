"""Errors for bad input; each message names the argument, the problem and what was expected."""

import difflib
import unicodedata
from collections.abc import Iterable


class InputError(ValueError):
    """Invalid input; the command line prints the message and exits with 2."""


class NetworkError(InputError):
    """A model that cannot be read or lacks a required part (objective, exchanges, formulas)."""


class ModelWarning(UserWarning):
    """A model that was read with assumptions or losses; `network.notes` lists them."""


class TableError(InputError):
    """A table of media, rates or targets with unusable columns or values."""


class TableWarning(UserWarning):
    """How a table was read, where that is not the plain way: another delimiter, decimal sign, encoding, …."""


class FolderError(InputError):
    """An output that must not be written, or a saved result that is damaged or belongs to another network."""


def printable(message: object) -> str:
    r"""A message in one line: what would break it or steer a terminal is written as Python writes it in quotes.

    Names and cells come from files of others; an escape sequence in them must not reach the terminal.

    >>> printable("'a\x1b[31m\nb' is no exchange")
    "'a\\x1b[31m\\nb' is no exchange"
    """
    text = str(message)
    if text.isascii() and text.isprintable():
        return text
    # Categories of control, format (such as right-to-left overrides), lone surrogates, and ends of lines.
    return "".join(
        repr(character)[1:-1] if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
        for character in text
    )


def unknown_name(got: str, choices: Iterable[str], kind: str) -> str:
    """Return the message for an unknown name, with the nearest valid choices.

    Args:
        got: The unknown name.
        choices: The valid names.
        kind: What the name should be, such as "exchange of e_coli_core".

    >>> unknown_name("EX_glc_e", ["EX_glc__D_e", "ATPM"], "exchange of e_coli_core")
    "'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'?"
    """
    choices = list(choices)
    lowered = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(got.lower(), lowered, n=3, cutoff=0.5)
    # Suggest several only if they are about equally close.
    closeness = {name: difflib.SequenceMatcher(None, name, got.lower()).ratio() for name in near}
    near = [name for name in near if closeness[name] > closeness[near[0]] - 0.03]
    text = f"{got!r} is no {kind}"
    if near:
        return f"{text}; did you mean {' or '.join(repr(lowered[name]) for name in near)}?"
    shown = ", ".join(repr(choice) for choice in choices[:8]) + (", …" if len(choices) > 8 else "")
    return f"{text}; expected one of {shown}" if choices else f"{text}; there are none"
