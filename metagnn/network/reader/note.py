"""Word the notes on what reading a model assumed or lost."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 3
MOST_LETTERS = 200
"""Most letters of each: a gene rule may have thousands."""


def listed(items: Sequence[str], most: int = MOST_NAMED) -> str:
    """Return the first of some items, and how many more there are.

    >>> listed(["'a'", "'b'", "'c'"], most=2)
    "'a', 'b' and 1 more"
    """
    more = len(items) - most
    shown = (item if len(item) <= MOST_LETTERS else f"{item[:MOST_LETTERS]}…" for item in items[:most])
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def counted(count: int, noun: str) -> str:
    """Return a number and its noun.

    >>> counted(1, "reaction"), counted(2, "species")
    ('1 reaction', '2 species')
    """
    return f"{count} {noun}{'' if count == 1 or noun.endswith('s') else 's'}"
