"""Check where results can be written, before any work starts, and replace files in one step."""

from __future__ import annotations

import os
import re
from pathlib import Path

from metagnn.errors import FolderError
from metagnn.files.run_lock import refuse_if_held

WORK = "unfinished"
"""Folder of an unfinished run inside an output that is a folder; for a file it is `NAME.partial` beside it."""


def check_output(path: str | Path, force: bool = False, resume: bool = False, *, folder: bool = False) -> Path:
    """Check that results can be written to a path, and create its parent folders.

    A link is followed, also to a place that does not exist yet.

    Args:
        path: The file or folder to write.
        force: Accept an existing output, which the caller will replace.
        resume: Accept an existing output, which the caller will continue.
        folder: Whether the output is a folder; an empty one may exist.

    Returns:
        The path.

    Raises:
        FolderError: The output exists, is a file in place of a folder or a folder in place of a file, is being
            written by another process, or cannot be written.
    """
    path, place = Path(path), followed(path)
    kind = "folder" if folder else "file"
    try:
        if place.exists():
            if place.is_dir() != folder:
                raise FolderError(f"'{path}' is a {'file' if folder else 'folder'}; expected a {kind} to write")
            filled = not folder or any(not is_passing(name) for name in os.listdir(place))
            if filled and not (force or resume):
                refuse_if_held(lock_of(place, folder), path)
                raise FolderError(f"'{path}' exists; use --force to replace it or --resume to continue it")
        parent = place if folder else place.parent
        parent.mkdir(parents=True, exist_ok=True)
        # Permissions, full disks and read-only mounts differ between systems: write a file to find out.
        probe = beside(place / "probe" if folder else place)
        try:
            probe.write_bytes(b"")
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise FolderError(f"'{path}' cannot be written: {error.strerror or error}") from error
    return path


def followed(path: str | Path) -> Path:
    """The place that a path means: links are followed, also those to a place that does not exist yet."""
    return Path(os.path.realpath(path))


def lock_of(place: Path, folder: bool) -> Path:
    """The lock of an output: inside a folder, beside a file."""
    return place / ".lock" if folder else place.with_name(f".{place.name}.lock")


def beside(path: Path) -> Path:
    """The name under which this process writes a file until it is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def is_passing(name: str) -> bool:
    """Whether a name in a folder of results is that of its lock, or of a file that is not whole yet."""
    return name in (".lock", ".lock.held") or re.fullmatch(r"\..*\.\d+\.tmp", name) is not None


def replace_file(path: Path, *content: bytes) -> None:
    """Replace a file in one step: if the write is interrupted, the old content stays. A link stays a link.

    Args:
        path: The file.
        *content: Its parts, in order.
    """
    path = followed(path)
    partial = beside(path)
    try:
        with partial.open("wb") as file:
            file.writelines(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
