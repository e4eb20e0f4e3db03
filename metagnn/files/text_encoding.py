"""The encoding of a text file: by its byte order mark, else UTF-8, else Windows-1252, which old spreadsheets write."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from metagnn.errors import TableError

UTF8, WINDOWS = "utf-8-sig", "cp1252"

_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; the mark of UTF-32 begins with that of UTF-16."""

NAMES = {UTF8: "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", WINDOWS: "Windows-1252"}
"""How the encodings are called."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b]")


def find_encoding(path: Path, head: bytes) -> str:
    """The encoding of a file, judged by its first bytes.

    Args:
        path: The file, for messages.
        head: Its first bytes; the last character may be cut.

    Raises:
        TableError: Something other than text.
    """
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), UTF8)
    if encoding == UTF8 and not _decodes(head, UTF8):
        encoding = WINDOWS
    if b"\0" in head and encoding in (UTF8, WINDOWS):
        raise TableError(
            f"'{path}' holds zero bytes: it is no text, or UTF-16 without a byte order mark; save it as UTF-8"
        )
    found = _CONTROL.search(head.decode(encoding, errors="ignore"))
    if found is not None:
        raise TableError(f"'{path}' holds the control character {found[0]!r}: it is no text")
    return encoding


def undecodable(path: Path, encoding: str) -> TableError:
    """The error for a file that is no text in an encoding; the first wrong byte is found."""
    name = NAMES[encoding] if encoding != WINDOWS else "neither UTF-8 nor Windows-1252"
    said = name if encoding == WINDOWS else f"no {name}"
    return TableError(f"'{path}' is {said} text (byte {_first_wrong_byte(path, encoding)})")


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _first_wrong_byte(path: Path, encoding: str) -> int:
    """Position of the first byte that is no text; a decoder of a stream counts from its buffer instead."""
    before, decoder = 0, codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while True:
            block = file.read(1 << 20)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return before - pending + error.start
            if not block:
                return before
            before += len(block)
