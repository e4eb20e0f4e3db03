"""Tables as text with one character between the cells, such as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from metagnn.errors import TableError
from metagnn.files.table_format import TEXT_COLUMNS, AbstractRowWriter, AbstractTableFormat, check_names

if TYPE_CHECKING:
    import pandas as pd

ENCODING = "utf-8-sig"
"""UTF-8, with or without the byte order mark that spreadsheets write."""


@dataclass(frozen=True)
class DelimitedText(AbstractTableFormat):
    """UTF-8 text: a header, then one line a row.

    Attributes:
        ending: Ending of the files.
        name: Name of the format.
        separator: Character between the cells.
        grows: Rows can be appended.
    """

    ending: str
    name: str
    separator: str = ","
    grows: bool = True

    def read(self, path: Path) -> pd.DataFrame:
        """Read a whole file; numbers keep every digit."""
        table: pd.DataFrame = self._parse(path, None)
        return table

    def read_chunks(self, path: Path, rows: int) -> Iterator[pd.DataFrame]:
        """Read a file `rows` rows at a time, once the length of every row is checked."""
        with self._parse(path, rows) as chunks:
            yield from chunks

    def open_writer(self, file: IO[bytes], path: Path) -> AbstractRowWriter:
        """A writer that puts the header above the first row of an empty file."""
        return _TextWriter(file, self.separator)

    def _parse(self, path: Path, rows: int | None) -> Any:
        # Imported here because the command line lists the formats before it needs pandas.
        import pandas as pd

        header = self._checked_header(path)
        texts = {name: str for name in TEXT_COLUMNS if name in header}
        return pd.read_csv(
            path, sep=self.separator, dtype=texts, float_precision="round_trip", low_memory=False, encoding=ENCODING,
            chunksize=rows,
        )  # fmt: skip

    def _checked_header(self, path: Path) -> list[str]:
        """Names of the columns, once every row is known to be as long."""
        # pandas would rename a column that appears twice, fill up short rows and take a surplus one for an index.
        with path.open(encoding=ENCODING, newline="") as lines:
            reader = csv.reader(lines, delimiter=self.separator, strict=True)
            try:
                header = next((row for row in reader if row), [])
                check_names(header, path)
                for row in reader:
                    if row and len(row) != len(header):
                        raise TableError(
                            f"'{path}', line {reader.line_num}: {len(row)} cells; expected {len(header)}, as in the "
                            "header"
                        )
            except csv.Error as error:
                raise TableError(f"'{path}', line {reader.line_num}: no {self.name} ({error})") from error
            except UnicodeDecodeError as error:
                raise TableError(
                    f"'{path}' is not UTF-8 text (byte {_first_wrong_byte(path)}); expected a {self.name} table"
                ) from error
        if not header:
            raise TableError(f"'{path}' is empty; expected a header and at least one row")
        return header


@dataclass(frozen=True)
class _TextWriter(AbstractRowWriter):
    file: IO[bytes]
    separator: str

    def write(self, rows: pd.DataFrame) -> None:
        text = rows.to_csv(sep=self.separator, index=False, lineterminator="\n", header=self.file.tell() == 0)
        self.file.write(text.encode())


def _first_wrong_byte(path: Path) -> int:
    """Position of the first byte that is no UTF-8; a decoder of a stream counts from its buffer instead."""
    before = 0
    with path.open("rb") as lines:
        for line in lines:
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return before + error.start
            before += len(line)
    return before
