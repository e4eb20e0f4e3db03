"""What a file is by its first bytes, whatever its ending says."""

from __future__ import annotations

from pathlib import Path

from metagnn.errors import TableError

_SIGNATURES = (
    (b"PAR1", ".parquet", "Parquet"),
    (b"PK\x03\x04", ".xlsx", "an Excel workbook or another zip archive"),
    (b"\xd0\xcf\x11\xe0", ".xls", "an Excel workbook of before 2007; save it as .xlsx"),
    (b"\x1f\x8b", ".gz", "compressed by gzip; unpack it"),
    (b"BZh", ".bz2", "compressed by bzip2; unpack it"),
    (b"\xfd7zXZ", ".xz", "compressed by xz; unpack it"),
    (b"\x28\xb5\x2f\xfd", ".zst", "compressed by zstd; unpack it"),
    (b"\x89HDF", ".h5", "HDF5"),
    (b"ARROW1", ".feather", "Feather"),
    (b"%PDF", ".pdf", "PDF"),
    (b"<?xml", ".xml", "XML"),
    (b"<!DOCTYPE", ".html", "a web page"),
    (b"<html", ".html", "a web page"),
)
"""First bytes, the ending that they belong to, and what such a file is."""


def check_kind(path: Path, ending: str | None = None) -> None:
    """Raise if the first bytes of a file belong to another ending than expected.

    Args:
        path: The file.
        ending: The ending that its first bytes must belong to; None for text, which has none.

    Raises:
        TableError: Saying what the file is.
    """
    with path.open("rb") as file:
        head = file.read(16)
    found = next(((known, what) for start, known, what in _SIGNATURES if head.startswith(start)), (None, ""))
    known, what = found
    if known == ending:
        return
    if known is None:
        raise TableError(f"'{path}' does not begin as a {ending} file; is it damaged, or text that belongs in a .csv?")
    hint = f"; name it {known}" if known in (".parquet", ".xlsx") else ""
    raise TableError(f"'{path}' is no {path.suffix.lower()} file but {what}{hint}")
