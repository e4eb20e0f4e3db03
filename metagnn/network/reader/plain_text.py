"""Keep texts of a model to what tables, solvers and terminals can carry."""

from __future__ import annotations

import re
from collections.abc import Iterable

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import ModelDraft

# Control characters, halves of surrogate pairs, and the separators of lines and paragraphs.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check_ids(kind: str, ids: Iterable[str]) -> None:
    """Raise unless every id appears once, says something and has no control character.

    Args:
        kind: What they name.
        ids: The ids.

    Raises:
        NetworkError: Naming the id.
    """
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise NetworkError(f"{kind} {name!r} stands twice in the model; expected every id once")
        if not name.strip() or unfit_text(name):
            raise NetworkError(f"a {kind} has the id {name!r}; expected letters, without control characters")
        seen.add(name)


def unfit_text(text: str) -> bool:
    """Return whether a text holds a control character or half a surrogate pair."""
    # Most texts are printable, which is known sooner.
    return not text.isprintable() and _UNFIT.search(text) is not None


def plain(text: str) -> str:
    """Return a text with "�" in place of every control character and half surrogate pair."""
    # A cobra model may hold something else than texts.
    return _UNFIT.sub("�", text) if isinstance(text, str) and unfit_text(text) else text


def settle_texts(draft: ModelDraft) -> None:
    """Make the names of a draft plain, in place; ids are not touched."""
    draft.id = plain(draft.id)
    for metabolite in draft.metabolites:
        metabolite.name, metabolite.compartment = plain(metabolite.name), plain(metabolite.compartment)
    for reaction in draft.reactions:
        reaction.name, reaction.subsystem = plain(reaction.name), plain(reaction.subsystem)
