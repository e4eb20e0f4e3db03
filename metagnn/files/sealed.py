"""Documents and files that show whether they are whole: JSON with its own checksum, checksums of files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PART = 1 << 20
"""Bytes read at a time."""


def sealed(document: Mapping[str, Any]) -> bytes:
    """A document as JSON with its checksum."""
    return json.dumps({**document, "sha256": _seal(document)}, indent=1).encode()


def read_sealed(path: Path) -> dict[str, Any] | None:
    """The document that `sealed` made; None if the file is missing, half or damaged."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    seal = document.pop("sha256", None) if isinstance(document, dict) else None
    return document if seal is not None and seal == _seal(document) else None


def checksum(path: Path, to_disk: bool = False) -> str:
    """The SHA-256 of a file, in hex.

    Args:
        path: The file.
        to_disk: Whether the file is forced to the disk as well, so that a loss of power cannot damage it.
    """
    digest = hashlib.sha256()
    with path.open("rb+" if to_disk else "rb") as file:
        while part := file.read(PART):
            digest.update(part)
        if to_disk:
            os.fsync(file.fileno())
    return digest.hexdigest()


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
