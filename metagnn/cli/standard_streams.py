"""Standard output and error of a command, whose reader may go away, whose disk may be full, or which may be closed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

PLAIN = str.maketrans(
    {"→": "->", "·": "*", "–": "-", "−": "-", "×": "x", "≤": "<=", "≥": ">=", "²": "^2", "α": "alpha", "β": "beta"}
    | {"Σ": "sum ", "…": "..."}
)
"""Signs of tables and messages where the encoding of a stream lacks them."""


class StandardStream:
    """A text stream that never fails: after the first failure of writing, it takes everything and writes nothing.

    What its encoding cannot say, such as α on an ASCII terminal or a name that is no UTF-8, is written in its letters.

    Args:
        stream: The stream; None if the process was started without one.

    Attributes:
        error: The first failure.
    """

    def __init__(self, stream: Any) -> None:
        # Not closed: Python closes it when nobody uses it any more.
        self._stream = open(os.devnull, "w", encoding="utf-8") if stream is None else stream  # noqa: SIM115
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write text; return its length."""
        if self.error is None:
            try:
                self._stream.write(self._encodable(text))
            except OSError as error:
                self._fail(error)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is buffered."""
        if self.error is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def _encodable(self, text: str) -> str:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)
        return text

    def _fail(self, error: OSError) -> None:
        self.error = error
        with contextlib.suppress(OSError, ValueError, AttributeError):
            # What is buffered would fail again when Python ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def standard_streams() -> Iterator[tuple[StandardStream, StandardStream]]:
    """Replace standard output and error by streams that never fail, and yield them; at the end flush them."""
    _fill_descriptors()
    before = sys.stdout, sys.stderr
    streams = StandardStream(sys.stdout), StandardStream(sys.stderr)
    sys.stdout, sys.stderr = streams
    try:
        yield streams
    finally:
        for stream in streams:
            stream.flush()
        sys.stdout, sys.stderr = before


def _fill_descriptors() -> None:
    """Open closed descriptors 0 to 2: the next file to be opened would get their number, and what C libraries print."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
