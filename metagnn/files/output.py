"""Check where results can be written, before any work starts, and replace files in one step."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from metagnn.errors import FolderError


def check_output(path: str | Path, force: bool = False, resume: bool = False, *, folder: bool = False) -> Path:
    """Check that results can be written to a path, and create its parent folders.

    Args:
        path: The file or folder to write.
        force: Accept an existing output, which the caller will replace.
        resume: Accept an existing output, which the caller will continue.
        folder: Whether the output is a folder; an empty one may exist.

    Returns:
        The path.

    Raises:
        FolderError: The output exists, is a file in place of a folder or a folder in place of a file, or cannot be
            written.
    """
    path = Path(path)
    kind = "folder" if folder else "file"
    if path.exists():
        if path.is_dir() != folder:
            raise FolderError(f"'{path}' is a {'file' if folder else 'folder'}; expected a {kind} to write")
        filled = not folder or any(path.iterdir())
        if filled and not (force or resume):
            raise FolderError(f"'{path}' exists; use --force to replace it or --resume to continue it")
    parent = path if folder else path.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # Permissions, full disks and read-only mounts differ between systems: write a file to find out.
        with tempfile.NamedTemporaryFile(dir=parent, prefix=".metagnn-"):
            pass
    except OSError as error:
        raise FolderError(f"'{path}' cannot be written: {error.strerror or error}") from error
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file in one step: if the write is interrupted, the old content stays."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
