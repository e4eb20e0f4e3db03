"""Read a whole file that must be a regular one of limited size: no pipe that blocks, no device that never ends."""

from __future__ import annotations

import stat
from pathlib import Path

from metagnn.errors import InputError

MOST_BYTES = 1 << 28
"""Largest file that is read whole: 256 MiB."""


def read_whole(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file.

    Args:
        path: The file.
        most: Largest size [bytes].

    Raises:
        InputError: A file that is missing, too large, cannot be read, or is a pipe, a device or a folder.
    """
    try:
        # Looked at before it is opened: opening a pipe waits for whoever writes to it.
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"'{path}' is {kind_of_file(found.st_mode)}; expected a file")
        if found.st_size > most:
            raise InputError(f"'{path}' has {found.st_size >> 20} MiB; expected at most {most >> 20}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror or error}") from error


def kind_of_file(mode: int) -> str:
    """What something on a disk is, in words.

    >>> kind_of_file(stat.S_IFIFO)
    'a pipe'
    """
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device" if not stat.S_ISREG(mode) else "a file")
