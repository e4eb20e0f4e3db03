"""Tables as text with one character between the cells, such as CSV."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO

from metagnn.errors import TableError
from metagnn.files.cell import PROGRAM_GAPS
from metagnn.files.data_lines import COMMENT, DECLARATION, DataLines
from metagnn.files.file_kind import check_kind
from metagnn.files.table_format import AbstractRowWriter, AbstractTableFormat, OpenTable, is_text
from metagnn.files.text_dialect import DELIMITERS, TextDialect, find_dialect, is_empty_line
from metagnn.files.text_encoding import NAMES, UTF8, WINDOWS, find_encoding, undecodable

if TYPE_CHECKING:
    import pandas as pd

HEAD = 1 << 16
"""Bytes at the beginning of a file by which its dialect is judged."""

MOST_LINE = 1 << 25
"""Longest line [bytes]: a million columns."""

GAPS = sorted({spelling for word in PROGRAM_GAPS for spelling in (word, word.upper(), word.title(), "NaN")})


@dataclass(frozen=True)
class DelimitedText(AbstractTableFormat):
    """Text: a header, perhaps units, then one line a row; comments and empty lines are left out.

    Attributes:
        ending: Ending of the files.
        name: Name of the format.
        separator: Character between the cells that are written.
        readable: Characters that may be between the cells that are read.
        grows: Rows can be appended.
    """

    ending: str
    name: str
    separator: str = ","
    readable: tuple[str, ...] = (",", ";", "\t")
    grows: bool = True

    def open_table(self, path: Path, rows: int | None = None) -> OpenTable:
        """Open a file, once the length of every row is checked; numbers keep every digit."""
        check_kind(path)
        _check_lines(path)
        with path.open("rb") as file:
            head = file.read(HEAD + 1)
        encoding = find_encoding(path, head)
        try:
            text = self._checked(path, head, encoding)
        except UnicodeDecodeError as error:
            if encoding != UTF8:
                raise undecodable(path, encoding) from error
            try:
                text = self._checked(path, head, WINDOWS)
            except UnicodeDecodeError as again:
                raise undecodable(path, WINDOWS) from again
        dialect = text.dialect
        usual = dialect.delimiter == self.separator and dialect.decimal == "."
        return OpenTable(text.chunks(rows), dialect.form, dialect.decimal, text.line, text.how, usual)

    def _checked(self, path: Path, head: bytes, encoding: str) -> _TextTable:
        start = codecs.getincrementaldecoder(encoding)().decode(head)
        text = _TextTable(path, encoding, find_dialect(path, start, len(head) <= HEAD, self.readable))
        text.check_rows()
        return text

    def open_writer(self, file: IO[bytes] | BytesIO, path: Path) -> AbstractRowWriter:
        """A writer that puts the header above the first row of an empty file."""
        return _TextWriter(file, self.separator)


class _TextTable:
    """A text file and how it is written."""

    def __init__(self, path: Path, encoding: str, dialect: TextDialect) -> None:
        self._path, self._encoding, self.dialect = path, encoding, dialect
        self._comments, self._filtered = 0, False

    @property
    def how(self) -> tuple[str, ...]:
        """How it is read, in words, where that is not the plain way."""
        found = []
        if self._encoding != UTF8:
            found.append(NAMES[self._encoding])
        if self.dialect.head.units:
            found.append("units in row 2")
        if self._comments:
            found.append(f"{self._comments} comment line{'s' * (self._comments > 1)} left out")
        return tuple(found)

    def check_rows(self) -> None:
        """Raise unless every row is as long as the header.

        Raises:
            TableError: Naming the line.
        """
        # pandas would fill up short rows and take a surplus cell for an index. Few files have comments: the reader of
        # all others gets its lines straight from the file.
        try:
            with self._open() as lines:
                if self._check(lines, lambda reader: int(reader.line_num), (COMMENT, DECLARATION)):
                    return
        except csv.Error:
            # The quote of a comment, or a damaged table; the lines without comments tell.
            pass
        with self._open() as lines:
            rest = DataLines(lines)
            try:
                self._check(rest, lambda _: rest.number)
            except csv.Error as error:
                mark = DELIMITERS[self.dialect.delimiter]
                raise TableError(
                    f"'{self._path}', line {rest.number}: no CSV separated by {mark}s ({error})"
                ) from error
            self._comments, self._filtered = rest.comments, True

    def line(self, row: int) -> int:
        """Line of a row of the table, both counted from its beginning: rows from 0, lines from 1."""
        with self._open() as lines:
            rest = DataLines(lines)
            for number, cells in enumerate(csv.reader(rest, delimiter=self.dialect.delimiter)):
                row -= number >= self.dialect.skipped and not is_empty_line(cells)
                if row < 0:
                    break
            return rest.number

    def chunks(self, rows: int | None) -> Iterator[pd.DataFrame]:
        """The rows of the table, some at a time, or all at once."""
        # Imported here because the command line lists the formats before it needs pandas.
        import pandas as pd

        read: Any = pd.read_csv
        names = list(self.dialect.head.names)
        with self._open() as lines:
            try:
                found = read(
                    DataLines(lines) if self._filtered else lines,
                    sep=self.dialect.delimiter,
                    decimal=self.dialect.decimal,
                    header=None,
                    names=names,
                    usecols=range(len(names)),
                    index_col=False,
                    skiprows=self.dialect.skipped,
                    dtype={name: str for name in names if is_text(name)},
                    na_values={name: [""] if is_text(name) else GAPS for name in names},
                    keep_default_na=False,
                    float_precision="round_trip",
                    low_memory=False,
                    chunksize=rows,
                )
            except pd.errors.EmptyDataError:
                return
            if isinstance(found, pd.DataFrame):
                yield found
            else:
                with found:
                    yield from found

    def _open(self) -> TextIO:
        return self._path.open(encoding=self._encoding, newline="")

    def _check(self, lines: Iterable[str], line: Callable[[Any], int], ends: tuple[str, ...] = ()) -> bool:
        """Check the length of the rows; False if one begins as a comment or a declaration."""
        head, width, skipped = self.dialect.head, len(self.dialect.head.names), self.dialect.skipped
        reader = csv.reader(lines, delimiter=self.dialect.delimiter, strict=True)
        for number, row in enumerate(reader):
            if ends and row and row[0].startswith(ends):
                return False
            if len(row) != width and number >= skipped and not is_empty_line(row):
                head.check_row(row, self._path, line(reader))
        return True


def _check_lines(path: Path) -> None:
    """Raise if a line is so long that it can be no row of a table: readers hold it whole, several times.

    Raises:
        TableError: Naming the length.
    """
    length = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            end = max(block.rfind(b"\n"), block.rfind(b"\r"))
            length = len(block) - end - 1 if end >= 0 else length + len(block)
            if length > MOST_LINE:
                raise TableError(f"'{path}' has a line of more than {MOST_LINE >> 20} MiB; expected rows of a table")


@dataclass(frozen=True)
class _TextWriter(AbstractRowWriter):
    file: IO[bytes] | BytesIO
    separator: str

    def write(self, rows: pd.DataFrame) -> None:
        # Unquoted, a row whose first cell begins so would be read as a comment.
        texts: list[object] = [str(name) for name in rows.columns[:1]]
        if texts and rows.dtypes.iloc[0].kind == "O":
            texts += list(rows.iloc[:, 0])
        marked = any(isinstance(text, str) and text.startswith(COMMENT) for text in texts)
        text = rows.to_csv(
            sep=self.separator,
            index=False,
            lineterminator="\n",
            header=self.file.tell() == 0,
            quoting=csv.QUOTE_NONNUMERIC if marked else csv.QUOTE_MINIMAL,
        )
        self.file.write(text.encode())
