"""The formats that tables are read from and written to, by the ending of the file."""

from __future__ import annotations

from pathlib import Path

from metagnn.errors import TableError
from metagnn.files.delimited_text import DelimitedText
from metagnn.files.parquet import Parquet
from metagnn.files.table_format import AbstractTableFormat

FORMATS: tuple[AbstractTableFormat, ...] = (DelimitedText(".csv", "CSV"), Parquet())
"""Add a format here; every reader, writer, help text and message follows."""

ENDINGS = tuple(known.ending for known in FORMATS)

NAMES = ", ".join(known.name for known in FORMATS)
"""The names of the formats, for help texts."""


def find_format(path: Path) -> AbstractTableFormat:
    """The format that the ending of a file names.

    Raises:
        TableError: No format has this ending.
    """
    for known in FORMATS:
        if path.suffix.lower() == known.ending:
            return known
    raise TableError(f"'{path}' has an unknown ending; expected {' or '.join(ENDINGS)}")
