"""Tensors and a JSON document in one safetensors file, verified by a checksum when read; nothing is unpickled."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from metagnn.errors import FolderError
from metagnn.files.output import replace_file

LENGTH = 8
"""Bytes of a safetensors file that hold the length of its header."""

_DAMAGED = (KeyError, ValueError, TypeError, AttributeError, RecursionError, RuntimeError)
"""What reading damaged tensors raises: types that numpy lacks, metadata that is no text, a document nested too deep."""


def write_tensors(path: Path, tensors: dict[str, Tensor], document: Any) -> None:
    """Write tensors and a document in one step: if the write is interrupted, the old file stays.

    Args:
        path: The file.
        tensors: Tensors by name, on any device.
        document: What JSON can hold.

    Raises:
        FolderError: The file cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps(document)
    try:
        content = safetensors.torch.save(tensors, metadata={"document": text, "sha256": _digest(tensors, text)})
        replace_file(path, *_in_order(content))
    except (OSError, safetensors.SafetensorError) as error:
        raise FolderError(f"'{path}' cannot be written: {error}") from error


def _in_order(content: bytes) -> tuple[bytes, bytes, bytes]:
    """A file with its header in alphabetical order: the package's own order differs from one call to the next."""
    size = int.from_bytes(content[:LENGTH], "little")
    header = json.dumps(json.loads(content[LENGTH : LENGTH + size]), sort_keys=True).encode()
    # Tensors begin at a multiple of eight bytes; their offsets count from there.
    header += b" " * (-len(header) % LENGTH)
    return len(header).to_bytes(LENGTH, "little"), header, content[LENGTH + size :]


def read_tensors(path: Path) -> tuple[dict[str, Tensor], Any]:
    """Read the tensors and the document.

    Raises:
        FolderError: The file is missing, truncated or damaged.
    """
    if not path.is_file():
        raise FolderError(f"'{path}' is missing; expected a saved file of metagnn")
    try:
        with _name_in_utf8(path) as name, safetensors.safe_open(name, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open has no __iter__
        text = metadata["document"]
        document, digest = json.loads(text), _digest(tensors, text)
    except (OSError, safetensors.SafetensorError, *_DAMAGED) as error:
        raise FolderError(
            f"'{path}' is damaged or no saved file of metagnn ({error}); restore it or train again"
        ) from error
    if metadata.get("sha256") != digest:
        raise FolderError(f"'{path}' is damaged: its contents do not match their checksum; restore it or train again")
    return tensors, document


@contextlib.contextmanager
def _name_in_utf8(path: Path) -> Iterator[str]:
    """Yield a name of a file that the package takes: it refuses one that is no UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        # Only POSIX has such names, and this folder of open files.
        with path.open("rb") as file:
            yield f"/dev/fd/{file.fileno()}"
    else:
        yield str(path)


def _digest(tensors: dict[str, Tensor], text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        # The same bytes with another type or shape are another tensor.
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
