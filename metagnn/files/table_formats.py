"""The formats that tables are read from and written to, by the ending of the file."""

from __future__ import annotations

from pathlib import Path

from metagnn.errors import TableError
from metagnn.files.delimited_text import DelimitedText
from metagnn.files.excel import Excel
from metagnn.files.parquet import Parquet
from metagnn.files.table_format import AbstractTableFormat

FORMATS: tuple[AbstractTableFormat, ...] = (
    DelimitedText(".csv", "CSV"),
    DelimitedText(".tsv", "TSV", "\t", readable=("\t",)),
    Excel(),
    Parquet(),
)
"""Add a format here; every reader, writer, help text and message follows."""

ENDINGS = tuple(known.ending for known in FORMATS)

WRITTEN = tuple(known.ending for known in FORMATS if known.written)
"""Endings of the formats that are written too."""

NAMES = ", ".join(known.name for known in FORMATS)
"""The names of the formats, for help texts."""


def find_format(path: Path, write: bool = False) -> AbstractTableFormat:
    """The format that the ending of a file names.

    Args:
        path: The file.
        write: Whether it is to be written.

    Raises:
        TableError: No format has this ending, or none that is written.
    """
    endings = WRITTEN if write else ENDINGS
    for known in FORMATS:
        if path.suffix.lower() == known.ending and known.ending in endings:
            return known
    packed = " (unpack it first)" if path.suffix.lower() in (".gz", ".bz2", ".xz", ".zip", ".zst") else ""
    unknown = "an ending that is only read" if path.suffix.lower() in ENDINGS else "an unknown ending"
    raise TableError(f"'{path}' has {unknown}{packed}; expected {' or '.join(endings)}")
