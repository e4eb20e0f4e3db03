"""Where results may be written: checked before any work starts."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from metagnn.errors import FolderError


def check_output(path: str | Path, force: bool = False, resume: bool = False, *, folder: bool = False) -> Path:
    """The path, once it is certain that results can be written there; its parent folders are made.

    Args:
        path: The file or folder to write.
        force: Allow an existing output, to be replaced.
        resume: Allow an existing output, to be continued.
        folder: Whether a folder will be written rather than a file; an empty one may exist already.

    Raises:
        FolderError: The output exists, is a folder where a file is expected or the reverse, or its place cannot
            be written.
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
        # Permissions, full disks and read-only mounts differ by system; only writing tells.
        with tempfile.NamedTemporaryFile(dir=parent, prefix=".metagnn-"):
            pass
    except OSError as error:
        raise FolderError(f"'{path}' cannot be written: {error.strerror or error}") from error
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a kill leaves either the old content or all of the new."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
