"""Decode an XML document and refuse what makes its readers crash or grow without end."""

from __future__ import annotations

import codecs
import re

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import MOST_ENTRIES

MOST_NESTED = 256
"""Most elements inside each other: libsbml recurses, and ends with a segmentation fault in deeper ones."""

MOST_LETTERS = 4 << 20
"""Longest element without its children [bytes]: the time that readers take grows with its square."""

_ENTRY = re.compile(rb"<(?:[A-Za-z_][A-Za-z0-9_.-]*:)?(?:species|reaction)[\s/>]")
_BEGINS_NAME = np.array([chr(letter).isalpha() or letter in b"_:" or letter >= 128 for letter in range(256)])
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte-order marks, the longer ones first where one begins like another."""

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def xml_text(content: bytes) -> str:
    """Return the text of an XML document, without its declaration where that names another encoding than UTF-8.

    Raises:
        NetworkError: A document type, which SBML has not and which may unfold without end, too many species and
            reactions, or elements that are nested or long beyond measure.
        UnicodeError: Bytes that are not of the encoding that the document names.
    """
    text, encoded = _decoded(content)
    if b"<!DOCTYPE" in encoded or b"<!ENTITY" in encoded:
        raise NetworkError("it has a document type or entities; expected SBML, which has neither")
    entries = sum(1 for _ in _ENTRY.finditer(encoded))
    if entries > MOST_ENTRIES:
        raise NetworkError(f"it holds {entries:,} species and reactions; expected {MOST_ENTRIES:,} at most")
    letters = np.frombuffer(encoded, np.uint8)
    starts = np.flatnonzero(letters[:-1] == ord("<"))
    longest = int(np.diff(starts, prepend=0, append=len(letters)).max())
    if longest > MOST_LETTERS:
        raise NetworkError(f"one of its elements has {longest >> 20} MiB; expected {MOST_LETTERS >> 20} MiB at most")
    deepest = _depth(letters, starts)
    if deepest > MOST_NESTED:
        raise NetworkError(f"its elements are nested {deepest} deep; expected {MOST_NESTED} at most")
    if "\0" in text:
        raise NetworkError("it is damaged: it holds a NUL character")
    return text


def _decoded(content: bytes) -> tuple[str, bytes]:
    """The text, and the same as UTF-8."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return _again(content.decode(encoding))
    declaration = _DECLARATION.match(content[:1024])
    named = _ENCODING.search(declaration[0]) if declaration else None
    if named and named[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        try:
            return _again(content.decode(named[1].decode()))
        except LookupError:
            raise NetworkError(f"its encoding {named[1].decode()!r} is unknown; expected UTF-8") from None
    content = content.removeprefix(codecs.BOM_UTF8)
    return content.decode("utf-8", errors="replace"), content


def _again(text: str) -> tuple[str, bytes]:
    encoded = _DECLARATION.sub(b"", text.encode(errors="replace"), count=1)
    return encoded.decode(), encoded


def _depth(letters: np.ndarray, starts: np.ndarray) -> int:
    """Most elements inside each other; comments and quoted tags may blur it a little."""
    after = letters[starts + 1]
    ends = np.flatnonzero((letters[:-1] == ord("/")) & (letters[1:] == ord(">")))
    opened = starts[_BEGINS_NAME[after]]
    closed = starts[after == ord("/")]
    places = np.concatenate([opened, closed, ends])
    steps = np.repeat(np.array([1, -1, -1]), [len(opened), len(closed), len(ends)])
    return int(np.cumsum(steps[np.argsort(places, kind="stable")]).max(initial=0))
