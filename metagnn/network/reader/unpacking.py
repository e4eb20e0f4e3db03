"""Take a model out of its packing, in steps, so that a small file cannot fill the memory."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

from metagnn.errors import NetworkError

MOST_BYTES = 1 << 30
"""Largest model in a packed file, unpacked: ten times the largest that is known."""

PACKED = (".gz", ".bz2", ".zip")
"""Endings of packed files."""

_STEP = 1 << 22
_STARTS = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"PK\x03\x04": ".zip"}


def packing(content: bytes) -> str:
    """Return the ending that fits the packing that the first bytes show; empty where they show none."""
    return next((ending for start, ending in _STARTS.items() if content.startswith(start)), "")


def unpacked(content: bytes, ending: str, packed: str) -> bytes:
    """Return what is packed.

    Args:
        content: The file.
        ending: Ending of the model in an archive that holds several files.
        packed: One of `PACKED`.

    Raises:
        NetworkError: More than `MOST_BYTES`, or an archive without one model.
    """
    file = io.BytesIO(content)
    if packed == ".gz":
        with gzip.GzipFile(fileobj=file) as stream:
            return _all(stream)
    if packed == ".bz2":
        with bz2.BZ2File(file) as stream:
            return _all(stream)
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
        fitting = [name for name in names if name.lower().endswith(ending)] or names
        if len(fitting) != 1:
            raise NetworkError(f"the archive holds {len(fitting)} files; expected one model")
        with archive.open(fitting[0]) as member:
            assert isinstance(member, zipfile.ZipExtFile)
            return _all(member)


def _all(stream: gzip.GzipFile | bz2.BZ2File | zipfile.ZipExtFile) -> bytes:
    found = io.BytesIO()
    while part := stream.read(_STEP):
        if found.write(part) and found.tell() > MOST_BYTES:
            raise NetworkError(f"it unpacks to more than {MOST_BYTES >> 20} MiB")
    return found.getvalue()
