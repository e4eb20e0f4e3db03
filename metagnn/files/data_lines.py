"""The lines of a text table without its comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

COMMENT = "#"
"""A line that begins with it is a comment, except inside quotes."""

DECLARATION = "sep="
"""Before the delimiter, in a first line of its own, which spreadsheets write and read."""


class DataLines:
    """Lines of a text without comments; pandas reads from it as from a file.

    Attributes:
        number: Number of the line that was given last, counted from 1 in the whole text.
        comments: Comments that were left out so far.
        declared: The delimiter that the first line declares; "" if it does not.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._quoted = False
        self.number = self.comments = 0
        self.declared = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number += 1
            if self.number == 1 and line.startswith(DECLARATION) and len(line.rstrip("\r\n")) == len(DECLARATION) + 1:
                self.declared = line[len(DECLARATION)]
                continue
            if not self._quoted and line.startswith(COMMENT):
                self.comments += 1
                continue
            # A quote that is part of a cell is written twice, so that an odd number opens or closes a cell.
            self._quoted ^= bool(line.count('"') % 2)
            return line
        raise StopIteration

    def read(self, size: int = -1) -> str:
        """Read at least `size` characters, whole lines, or all that are left."""
        parts: list[str] = []
        length = 0
        while size < 0 or length < size:
            line = next(self, "")
            if not line:
                break
            parts.append(line)
            length += len(line)
        return "".join(parts)
