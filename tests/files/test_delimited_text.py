import numpy as np
import pytest

from metagnn.errors import TableError
from metagnn.files.delimited_text import DelimitedText
from metagnn.files.table_reader import read_table, read_table_chunks


def _csv(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_byte_order_mark_windows_line_ends_quotes_and_whole_numbers(tmp_path):
    table = read_table(_csv(tmp_path, b'\xef\xbb\xbf"EX_a",EX_b\r\n1,\r\n2,3\r\n'))
    assert list(table.columns) == ["EX_a", "EX_b"]
    assert table["EX_a"].tolist() == [1, 2]
    assert np.isnan(table["EX_b"][0])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "is empty; expected a header and at least one row"),
        ("\n\n", "is empty"),
        ("EX_a,EX_b\n", "has a header but no rows"),
        ("EX_a,EX_a\n1,2\n", "column 'EX_a' appears more than once"),
        ("EX_a,\n1,2\n", "column 2 has no name"),
        ("EX_a,EX_b\n1,2\n3,high\n", "column 'EX_b', row 1: 'high' is no number"),
        ("EX_a\nTrue\n1\n", "column 'EX_a', row 0: 'True' is no number"),
        ("EX_a,EX_b\n1,2\n3\n", "line 3: 1 cells; expected 2"),
        ("EX_a,EX_b\n1,2,3\n", "line 2: 3 cells; expected 2"),
        ('EX_a,EX_b\n1,"2\n', "no CSV"),
        (b"EX_a\n\xff\xfe\n", "is not UTF-8 text"),
    ],
)
def test_damaged_csv_is_named(tmp_path, content, text):
    with pytest.raises(TableError, match=text):
        read_table(_csv(tmp_path, content))


def test_a_short_row_at_the_end_is_named_before_anything_is_computed(tmp_path):
    path = _csv(tmp_path, "EX_a,EX_b\n" + "1,2\n" * 50 + "3\n")
    with pytest.raises(TableError, match="line 52: 1 cells; expected 2"):
        next(read_table_chunks(path, 10))


def test_the_byte_that_is_no_text_is_counted_from_the_start_of_the_file(tmp_path):
    path = _csv(tmp_path, b"EX_a\n" + b"1\n" * 100_000 + b"\xff\n")
    for read in (lambda: read_table(path), lambda: next(read_table_chunks(path, 5))):
        with pytest.raises(TableError, match=r"byte 200005"):
            read()


def test_another_separator_is_another_format(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("sample\tEX_a\na, b\t1.5\n")
    tabs = DelimitedText(".tsv", "TSV", "\t")
    table = tabs.read(path)
    assert table.to_dict("list") == {"sample": ["a, b"], "EX_a": [1.5]}
    with path.with_name("again.tsv").open("wb") as file:
        tabs.open_writer(file, path).write(table)
    assert path.with_name("again.tsv").read_text() == path.read_text()
    path.write_text("EX_a\tEX_b\n1\n")
    with pytest.raises(TableError, match="line 2: 1 cells; expected 2"):
        next(tabs.read_chunks(path, 1))
